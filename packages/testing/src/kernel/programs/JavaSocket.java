// Datagrams through socket6bed4, the Java implementation; its classes have to be on the class path.
//   JavaSocket.java                                       sends all datagrams to port 7 back
//   JavaSocket.java ADDRESS PORT INTERVAL {COUNT SIZE}... sends series of datagrams, counts answers
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicInteger;
import nl.openfortress.socket6bed4.DatagramSocket;
import nl.openfortress.socket6bed4.Inet6bed4Address;

public class JavaSocket {
  private static final AtomicInteger received = new AtomicInteger();

  public static void main(String[] words) throws Exception {
    boolean asks = words.length > 0;
    DatagramSocket socket = new DatagramSocket(asks ? 7777 : 7);
    Thread receiver = new Thread(() -> receive(socket, !asks));
    receiver.setDaemon(asks);
    receiver.start();
    System.out.println("address " + Inet6bed4Address.getLocalHost().getHostAddress());
    if (asks) ask(socket, words);
  }

  private static void receive(DatagramSocket socket, boolean answers) {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[1280], 1280);
        socket.receive(packet);
        received.incrementAndGet();
        if (answers) socket.send(packet);
      }
    } catch (Exception error) {
      System.out.println(error);
    }
  }

  private static void ask(DatagramSocket socket, String[] words) throws Exception {
    InetAddress address = InetAddress.getByName(words[0]);
    int port = Integer.parseInt(words[1]);
    int interval = Integer.parseInt(words[2]);
    for (int at = 3; at < words.length; at += 2) {
      byte[] data = new byte[Integer.parseInt(words[at + 1])];
      for (int left = Integer.parseInt(words[at]); left > 0; left--) {
        socket.send(new DatagramPacket(data, data.length, address, port));
        Thread.sleep(interval);
      }
    }
    Thread.sleep(500);
    System.out.println("answered " + received.get());
    System.exit(0);
  }
}
