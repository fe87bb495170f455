/** SHA-256, hexadecimal, of downloaded files, by the words that messages have for where they come from. */
export type SourceDigests = Readonly<Record<string, string>>;
