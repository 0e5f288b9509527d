import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';
import {
  expectCleanAudio,
  linesOf,
  type Report,
  reportOf,
  SECONDS,
  startPhone,
  startTunnels,
  waitUntilListening,
} from './support/phone.js';

/** Samples of a packet of RTP. */
const FRAME = 160;
/** Samples of a period of the phone's tone. */
const PERIOD = 8;
const WAV_HEADER = 44;

/** A baresip at an address that demands SRTP, accepts calls, and sends a tone of its own. */
class Baresip {
  readonly #folder: string;
  readonly #program: RunningProgram;

  private constructor(lab: Lab, address: string, options: readonly string[]) {
    this.#folder = `${lab.folder}/baresip`;
    mkdirSync(this.#folder);
    const modules = ['module g711.so', 'module srtp.so', 'module ausine.so', 'module sndfile.so'];
    const programs = ['module_app account.so', 'module_app menu.so'];
    // The source has this form only.
    const source = ['audio_source ausine,440', 'ausrc_srate 48000', 'ausrc_channels 2'];
    const config = [`sip_listen [${address}]:5060`, ...source, `snd_path ${this.#folder}`];
    this.#write('config', [
      'module_path /usr/lib/baresip/modules',
      ...modules,
      ...programs,
      ...config,
    ]);
    const settings = 'regint=0;answermode=auto;audio_codecs=PCMU/8000/1;mediaenc=srtp-mand';
    this.#write('accounts', [`<sip:bob@[${address}]>;${settings}`]);
    this.#program = lab.spawn('left', ['baresip', '-6', '-v', '-f', this.#folder, ...options]);
  }

  static async start(lab: Lab, address: string, ...options: readonly string[]): Promise<Baresip> {
    const baresip = new Baresip(lab, address, options);
    await waitUntilListening(lab);
    return baresip;
  }

  /** Waits until it says that media are encrypted, by the suite of the phone. */
  async encrypts(): Promise<void> {
    await this.#program.waitForLine(/SRTP is Enabled \(cryptosuite=AES_CM_128_HMAC_SHA1_80\)/);
  }

  /** Waits for the begin of the call. */
  async talks(): Promise<void> {
    await this.#program.waitForLine(/Call established/);
  }

  /** Hangs up, and ends. */
  async stop(): Promise<void> {
    expect((await this.#program.stop()).code).toBe(0);
  }

  /** What was heard in the call that is over: samples of 16 bits. */
  heard(): Int16Array {
    const name = readdirSync(this.#folder).find((one) => one.endsWith('-dec.wav'))!;
    const bytes = readFileSync(`${this.#folder}/${name}`).subarray(WAV_HEADER);
    return Int16Array.from({ length: bytes.length >> 1 }, (_, index) =>
      bytes.readInt16LE(2 * index),
    );
  }

  #write(name: string, lines: readonly string[]): void {
    writeFileSync(`${this.#folder}/${name}`, `${lines.join('\n')}\n`);
  }
}

/** Checks that nearly all of what was heard is the tone of the phone. */
function expectTone(samples: Int16Array, { sent }: Report): void {
  // The first and the last packets may come too early or too late.
  expect(samples.length).toBeGreaterThan((sent - 20) * FRAME);
  const repeated = samples.filter((one, index) => one !== 0 && one === samples[index + PERIOD]);
  expect(repeated.length / samples.length).toBeGreaterThan(0.95);
}

describeKernel('a phone on a tunnel of its own, and baresip on a TUN, both behind NATs', () => {
  test('hear each other by SRTP directly when the phone calls', async () => {
    const { lab, address } = await startTunnels('masquerade');
    const baresip = await Baresip.start(lab, address);
    const call = ['--call', `sip:bob@[${address}]`, '--seconds', `${SECONDS}`];
    const phone = startPhone(lab, '--srtp', ...call);
    const report = await reportOf(phone);
    expectCleanAudio(report);
    expect(report.dropped).toEqual({ unauthenticated: 0, replayed: 0 });
    expect(linesOf(phone, 'path').at(-1)).toMatchObject({ remote: address, path: 'direct' });
    await baresip.encrypts();
    await baresip.stop();
    expectTone(baresip.heard(), report);
  });

  test('hear each other by SRTP when baresip calls a phone that does not demand it', async () => {
    const { lab, address } = await startTunnels('masquerade');
    const phone = startPhone(lab);
    await phone.waitForLine(/"event":"ready"/);
    const [ready] = linesOf(phone, 'ready') as unknown as { address: string }[];
    const dial = `/dial sip:alice@[${ready!.address}]`;
    const baresip = await Baresip.start(lab, address, '-e', dial);
    await baresip.talks();
    await sleep(SECONDS * 1_000);
    await baresip.stop();
    const report = await reportOf(phone);

    expectCleanAudio(report);
    expect(report.dropped).toEqual({ unauthenticated: 0, replayed: 0 });
    await baresip.encrypts();
    expectTone(baresip.heard(), report);
  });
}, ['baresip']);
