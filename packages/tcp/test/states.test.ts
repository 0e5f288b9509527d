import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TcpInput, type TcpState, tcpTransitions } from '../src/index.js';

const page = new URL('../../../docs/tcp.md', import.meta.url);
const START =
  '<!-- from packages/tcp/src/connection/states.ts: npm run diagram in packages/tcp -->\n';
const END = '<!-- until here -->';

const transitions = Object.entries(tcpTransitions).flatMap(([from, inputs]) =>
  Object.entries(inputs).map(([input, to]) => ({
    from: from as TcpState,
    input: input as TcpInput,
    to,
  })),
);

/** The diagram of all transitions but those that lead from each state to CLOSED. */
function diagram(): string {
  const name = (state: string): string => state.replaceAll('-', '_');
  const states = Object.keys(tcpTransitions).filter((state) => state.includes('-'));
  const lines = [
    ...states.map((state) => `state "${state}" as ${name(state)}`),
    '[*] --> SYN_SENT: connect',
    '[*] --> SYN_RECEIVED: SYN to a listener',
    ...transitions
      .filter(({ input }) => input !== 'abort')
      .map(({ from, input, to }) => `${name(from)} --> ${name(to)}: ${input}`),
  ];
  return `\`\`\`mermaid\nstateDiagram-v2\n${lines.map((line) => `  ${line}`).join('\n')}\n\`\`\``;
}

test('docs/tcp.md shows all transitions in a diagram (npm run diagram writes it anew)', async () => {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error('the page has no place for the diagram');
  await expect(`${before}${START}\n${diagram()}\n\n${END}${after}`).toMatchFileSnapshot(
    page.pathname,
  );
});

describe('the transitions', () => {
  test('lead from each state to the end', () => {
    for (const state of Object.keys(tcpTransitions) as TcpState[]) {
      expect(tcpTransitions[state].abort ?? state).toBe('CLOSED');
    }
  });

  test('reach each state', () => {
    const reached = new Set<string>([
      'SYN-SENT',
      'SYN-RECEIVED',
      ...transitions.map(({ to }) => to),
    ]);
    expect([...reached].sort()).toEqual(Object.keys(tcpTransitions).sort());
  });

  test('count each FIN once (RFC 9293 §3.3.2, figure 5)', () => {
    const follow = (inputs: TcpInput[]): TcpState =>
      inputs.reduce<TcpState>(
        (state, input) => tcpTransitions[state][input] ?? state,
        'ESTABLISHED',
      );
    expect(follow(['end', 'end', 'FIN acknowledged', 'FIN received'])).toBe('TIME-WAIT');
    expect(follow(['end', 'FIN received', 'FIN received', 'FIN acknowledged'])).toBe('TIME-WAIT');
    expect(follow(['FIN received', 'FIN received', 'end', 'FIN acknowledged'])).toBe('CLOSED');
  });
});
