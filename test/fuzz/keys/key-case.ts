import * as fc from 'fast-check';

/** What is given to the loader, and what is known of it. */
export interface Given {
  readonly input: unknown;
  readonly passphrase?: string;
  /** Set where the form is accepted: the kid of the clean key. */
  readonly kid?: string | undefined;
}

/** One case. It prints as what it was made by, since what was made may be a megabyte. */
export class KeyCase implements Given {
  readonly input: unknown;
  readonly passphrase: string | undefined;
  readonly kid: string | undefined;

  constructor(
    readonly family: string,
    readonly recipe: unknown,
    { input, passphrase, kid }: Given,
  ) {
    this.input = input;
    this.passphrase = passphrase;
    this.kid = kid;
  }

  [fc.toStringMethod](): string {
    return this.toString();
  }

  toString(): string {
    return `${this.family} ${fc.stringify(this.recipe)}`;
  }
}

/** The cases that come of recipes. */
export function casesOf<Recipe>(
  name: string,
  recipes: fc.Arbitrary<Recipe>,
  make: (recipe: Recipe) => Given,
): fc.Arbitrary<KeyCase> {
  return recipes.map((recipe) => new KeyCase(name, recipe, make(recipe)));
}
