import { fileUnderTest } from './file.under-test.js';
import { kubernetesUnderTest } from './kubernetes.under-test.js';
import type { StoreUnderTest } from './store-under-test.js';
import { vaultUnderTest } from './vault.under-test.js';

/** Every store that a reference can name. */
export const everyStore: readonly StoreUnderTest[] = [fileUnderTest, vaultUnderTest, kubernetesUnderTest];
