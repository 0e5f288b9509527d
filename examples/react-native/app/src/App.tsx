import { Buffer } from 'buffer';
import { useEffect, useRef, useState } from 'react';
import { Button, FlatList, StyleSheet, Text, TextInput, View } from 'react-native';
import { Host } from './host';
import { followNetwork } from './network';
import type { TcpLink } from './tcp';
import type { TunnelState } from './tunnel';

/** Your router: `6bed4 router` runs one. */
const ROUTERS = ['192.0.2.1'];
/** Text for this app comes to this TCP port. */
const PORT = 7_000;
const REFRESH = 1_000;
const MOST_LINES = 100;

export function App() {
  const [state, setState] = useState<TunnelState | null>(null);
  const [to, setTo] = useState('');
  const [text, setText] = useState('');
  const [lines, setLines] = useState<readonly string[]>([]);
  const [remotes, setRemotes] = useState<readonly string[]>([]);
  const log = (line: string) => setLines((all) => [line, ...all].slice(0, MOST_LINES));
  const hostRef = useRef<Host | null>(null);

  useEffect(() => {
    const host = new Host({ routers: ROUTERS, changed: setState });
    host.tcp.listen(PORT, (link) => textOf(link, (received) => log(`got ${received}`)));
    hostRef.current = host;
    const stopFollowing = followNetwork(host.tunnel);
    const timer = setInterval(() => setRemotes(remotesOf(host)), REFRESH);
    host.tunnel.start();
    return () => {
      clearInterval(timer);
      stopFollowing();
      host.tcp.abortAll();
      host.tunnel.stop();
    };
  }, []);

  /** Does something that needs an address, and may be given a wrong one. */
  async function act(action: (host: Host, own: string) => Promise<string>) {
    const host = hostRef.current;
    const own = host?.tunnel.state.address ?? null;
    if (host === null || own === null) return;
    try {
      log(await action(host, own));
    } catch (error) {
      log(String(error));
    }
  }

  const ping = () =>
    act(async (host, own) => {
      const milliseconds = await host.ping.ping(own, to);
      return milliseconds === null ? `no reply from ${to}` : `${to}: ${milliseconds.toFixed(1)} ms`;
    });
  const send = () => act((host, own) => sendText(host, own, to, text));

  return (
    <View style={styles.screen}>
      <Text style={styles.phase}>{state?.phase ?? 'stopped'}</Text>
      <Text selectable>{state?.address ?? state?.error ?? 'no address yet'}</Text>
      <Text>{state?.publicEndpoint ?? ''}</Text>
      <TextInput
        style={styles.input}
        placeholder="IPv6 address of another peer"
        autoCapitalize="none"
        autoCorrect={false}
        value={to}
        onChangeText={setTo}
      />
      <TextInput style={styles.input} placeholder="text" value={text} onChangeText={setText} />
      <View style={styles.buttons}>
        <Button title="Ping" onPress={ping} />
        <Button title="Send over TCP" onPress={send} />
      </View>
      <FlatList
        data={[...remotes, ...lines]}
        keyExtractor={(_, index) => String(index)}
        renderItem={({ item }) => <Text>{item}</Text>}
      />
    </View>
  );
}

/** Sends one text on a connection of its own. */
function sendText(host: Host, own: string, to: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const link = host.tcp.connect(own, to, PORT, {
      closed: (error) => resolve(error === null ? `sent ${text}` : `not sent: ${error}`),
    });
    link.write(Buffer.from(text));
    link.end();
  });
}

/** Listeners that collect a connection's text, and end it as the other side does. */
function textOf(link: TcpLink, received: (text: string) => void) {
  const parts: Buffer[] = [];
  return {
    data: (bytes: Uint8Array) => {
      parts.push(Buffer.from(bytes));
    },
    ended: () => {
      received(Buffer.concat(parts).toString());
      link.end();
    },
  };
}

function remotesOf(host: Host): string[] {
  return host.tunnel.remotes().map(({ address, path, roundTrip }) => {
    const time = roundTrip === null ? '' : `, ${roundTrip.toFixed(0)} ms`;
    return `${address} ${path}${time}`;
  });
}

const styles = StyleSheet.create({
  screen: { flex: 1, padding: 24, paddingTop: 64, gap: 8 },
  phase: { fontSize: 20 },
  input: { borderWidth: 1, borderColor: '#888', padding: 8 },
  buttons: { flexDirection: 'row', gap: 8 },
});
