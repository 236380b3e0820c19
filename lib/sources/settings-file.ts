import dotenv from 'dotenv';

/** What a file such as `.env` says, by the parser that ConfigModule of Nest reads it with. */
export function settingsInText(text: string): Readonly<NodeJS.Dict<string>> {
  return dotenv.parse(text);
}
