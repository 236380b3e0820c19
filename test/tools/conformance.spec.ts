import { describe, expect, it } from '@jest/globals';

import { optionsOf } from '../../tools/conformance/options.js';
import { plans } from '../../tools/conformance/plans.js';
import { spoilNames, spoiled } from '../../tools/conformance/spoil.js';
import { isCompiled, pageAlone, pomToResolve } from '../../tools/conformance/suite-sources.js';
import { tableOf } from '../../tools/conformance/table.js';
import { tolerated } from '../../tools/conformance/tolerated.js';
import { flawsOf, kidsIn, problemsIn } from '../../tools/conformance/verdict.js';
import type { Outcome, Problem } from '../../tools/conformance/verdict.js';

const problem = (result: Problem['result'], condition: string): Problem => ({
  result,
  condition,
  message: 'what is wrong',
  sections: ['OIDCC-2'],
});
const outcome = (result: string, ...problems: Problem[]): Outcome => ({
  plan: 'a-plan',
  module: 'a-module',
  result,
  problems,
  kids: [],
});
const reasons = [{ module: 'a-module', condition: 'Known', reason: 'OpenID Connect Core section 2.' }];

describe('a run of the conformance suite', () => {
  it.each<[string, Outcome, string[]]>([
    ['passed', outcome('PASSED'), []],
    ['skipped', outcome('SKIPPED'), []],
    ['for the eye of a person', outcome('REVIEW', problem('REVIEW', 'Page')), []],
    ['warned of what has a reason', outcome('WARNING', problem('WARNING', 'Known')), []],
    ['warned of something else', outcome('WARNING', problem('WARNING', 'New')), ['New']],
    ['warned of both', outcome('WARNING', problem('WARNING', 'Known'), problem('WARNING', 'New')), ['New']],
    ['failed, whatever has a reason', outcome('FAILED', problem('FAILURE', 'Known')), ['Known']],
    ['failed without a word', outcome('FAILED'), ['FAILED']],
    ['failed beside a tolerated warning', outcome('FAILED', problem('WARNING', 'Known')), ['FAILED']],
    ['did not end', outcome('UNFINISHED'), ['UNFINISHED']],
    ['interrupted with no result', outcome('UNKNOWN'), ['UNKNOWN']],
  ])('takes a module that %s for what it is', (_, of, flaws) => {
    expect(flawsOf(of, reasons).map((flaw) => flaw.split(':')[0])).toEqual(flaws);
  });

  it('tolerates a warning in the module that it names alone', () => {
    const elsewhere = { ...outcome('WARNING', problem('WARNING', 'Known')), module: 'another-module' };
    expect(flawsOf(elsewhere, reasons)).toEqual(['Known: what is wrong OIDCC-2']);
  });

  it('has a reason by section of a standard for each warning that it tolerates', () => {
    for (const { reason } of tolerated) {
      expect(reason).toMatch(/^(?:RFC \d+|OpenID Connect [\w -]+) section [\d.]+: .+\.$/);
    }
  });

  it('reads problems, and the keys of ID tokens, from a log', () => {
    const log = [
      { src: 'A', result: 'SUCCESS' },
      { src: 'B', msg: 'no', result: 'FAILURE', requirements: ['OIDCC-2'] },
      { src: 'ExtractIdTokenFromTokenResponse', header: { kid: 'first' } },
      { src: 'ExtractIdTokenFromTokenResponse', header: { kid: 'first' } },
      { src: 'Another', header: { kid: 'of something else' } },
    ];
    expect(problemsIn(log)).toEqual([
      { result: 'FAILURE', condition: 'B', message: 'no', sections: ['OIDCC-2'] },
    ]);
    expect(kidsIn(log)).toEqual(['first']);
  });

  it('prints a row for each module', () => {
    expect(tableOf([outcome('WARNING', problem('WARNING', 'Known'))])).toMatch(
      /\| a-module \| WARNING \| Known \|$/,
    );
  });

  it.each([
    [[], /--suite and --work are required/],
    [['--suite', 'a', '--work', 'b', 'no-plan'], /A plan is one of .*, and not no-plan/],
    [['--suite', 'a', '--work', 'b', '--algorithm', 'HS256'], /--algorithm is one of RS256/],
    [['--suite', 'a', '--work', 'b', '--spoil', 'x'], /--spoil is one of wrong-key/],
    [['--colour'], /--colour/],
  ])('says what is wrong with the arguments %j', (args, message) => {
    expect(() => optionsOf(args)).toThrow(message);
  });

  it('runs all plans where none is named', () => {
    expect(optionsOf(['--suite', 'a', '--work', 'b']).plans).toEqual(plans);
  });

  it.each(spoilNames)('spoils a key set: %s', (name) => {
    const jwks = JSON.stringify({ keys: [{ kty: 'RSA', n: 'n', e: 'AQAB', alg: 'RS256', kid: 'a' }] });
    expect(JSON.parse(spoiled(jwks, name))).not.toEqual(JSON.parse(jwks));
  });
});

describe("the suite's sources", () => {
  const dependency = (group: string, rest = '') =>
    `<dependency><groupId>${group}</groupId>${rest}</dependency>`;

  it('keep the dependencies of the pom, but for tests and what cannot be had', () => {
    const wanted = dependency('org.wanted');
    const unwanted = [
      dependency('org.multipaz'),
      dependency('org.junit', '<scope>test</scope>'),
      dependency('org.boot', '<artifactId>spring-boot-devtools</artifactId>'),
    ];
    const pom = `<project><dependencies>${unwanted[0]}${wanted}${unwanted[1]}${unwanted[2]}</dependencies><build>x</build><a/></project>`;
    expect(pomToResolve(pom)).toBe(`<project><dependencies>${wanted}</dependencies><a/></project>`);
  });

  it('are refused where they are no checkout of the suite', () => {
    expect(() => pomToResolve('<project/>')).toThrow(/is this its checkout/);
  });

  it('lose what pages load from public servers, and nothing else', () => {
    const own = '<script src="/a.js"></script><link href="/a.css">';
    const foreign = '<script src="https://a.example/a.js"></script><link href="https://a.example/a.css">';
    expect(pageAlone(`<p>${own}${foreign}</p>`)).toBe(`<p>${own}</p>`);
  });

  it.each([
    ['Application.java', '', true],
    ['openid/OIDCCTestPlan.java', '', true],
    ['openid/federation/A.java', '', false],
    ['vci10wallet/A.java', '', false],
    ['util/Mdoc.java', 'import org.multipaz.A;', false],
    ['openid/notes.txt', '', false],
  ])('compile %s: %j, %s', (file, code, is) => {
    expect(isCompiled(file, code)).toBe(is);
  });
});
