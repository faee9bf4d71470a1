//! The codes of diagnostics: words that never change, one page of `docs/errors` each.

/// Declares the codes with their words; the page of each is taken into the program.
macro_rules! codes {
    ($($name:ident $word:literal),* $(,)?) => {
        /// What kind of mistake a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!("`", $word, "`")] $name,)*
        }

        impl Code {
            /// Every code, in the order of the manual.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The word for it.
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// Its page: what it means, an example, the fix.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("../../../../docs/errors/", $word, ".md")),)* }
            }
        }
    };
}

codes![
    Syntax "syntax",
    UnexpectedCharacter "unexpected-character",
    UnterminatedString "unterminated-string",
    TooDeep "too-deep",
    UnknownName "unknown-name",
    UnknownField "unknown-field",
    UnknownType "unknown-type",
    UnknownEvent "unknown-event",
    UnknownAction "unknown-action",
    UnknownMessage "unknown-message",
    UnknownConnection "unknown-connection",
    UnknownFunction "unknown-function",
    UnknownKit "unknown-kit",
    DuplicateName "duplicate-name",
    WrongType "wrong-type",
    WrongArguments "wrong-arguments",
    UnsettledOptional "unsettled-optional",
    UnreachableStep "unreachable-step",
    UnknownLabel "unknown-label",
    MissingCase "missing-case",
    MissingValue "missing-value",
    EndlessLoop "endless-loop",
    EndlessType "endless-type",
    UntaggedUnion "untagged-union",
    EndlessFunction "endless-function",
    MissingProfile "missing-profile",
    MissingKey "missing-key",
    MissingEntry "missing-entry",
    MissingAnswer "missing-answer",
    SecretInText "secret-in-text",
    BadTemplate "bad-template",
    BadJson "bad-json",
    BadXml "bad-xml",
    BadPath "bad-path",
    BadSchedule "bad-schedule",
    BadSplit "bad-split",
    BadSetting "bad-setting",
    BadValue "bad-value",
    UnfitAction "unfit-action",
    TooLarge "too-large",
];

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
