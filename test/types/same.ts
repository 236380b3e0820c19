type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where the two types are one. */
export const expectSame = <A, B>(_same: Same<A, B>): void => undefined;

export type IsAny<T> = 0 extends 1 & T ? true : false;
