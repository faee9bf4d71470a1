// A journey's graph as a page that Markdown viewers draw.

export function page(journey: string, mermaid: string): string {
  return `# ${journey}\n\n\`\`\`mermaid\n${mermaid.trimEnd()}\n\`\`\`\n`;
}
