/** Gives the reader a file to keep. */
export function keep(file: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download has its own hold on the file by the next turn of the browser; revoked at once, some lose it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
