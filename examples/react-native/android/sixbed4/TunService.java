package sixbed4;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.content.Intent;
import android.net.ConnectivityManager;
import android.net.Network;
import android.net.VpnService;
import android.os.Build;
import android.os.ParcelFileDescriptor;
import android.system.ErrnoException;
import android.system.Os;
import android.system.OsConstants;
import android.system.StructPollfd;
import android.util.Log;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.DatagramSocket;

/**
 * The interface that Android gives all programs of the phone: its packets go to JavaScript, and those of JavaScript
 * to it. It is a foreground service, so that it lives while no screen shows the app.
 */
public final class TunService extends VpnService {
  /** Takes packets of the system; called in the thread that reads. */
  public interface Listener {
    void packets(byte[] batch, int length);

    /** The interface is gone: the user stopped it, or another VPN took its place. */
    void revoked();
  }

  /** Of 6bed4 (draft-03): 1280 bytes, the least that IPv6 allows. */
  static final int MTU = 1280;
  static final String ADDRESS = "sixbed4.ADDRESS";
  private static final String TAG = "6bed4";
  private static final String CHANNEL = "6bed4";
  private static final int NOTIFICATION = 1;
  /** Packets that one call to JavaScript carries at most, for as long as more are there. */
  private static final int BATCH = 32 * MTU;

  private static volatile TunService running;
  private static volatile Listener listener;

  private ParcelFileDescriptor tun;
  private FileOutputStream output;
  private ConnectivityManager.NetworkCallback networkCallback;

  static void listen(Listener to) {
    listener = to;
  }

  /** Writes one packet to the interface; drops it when there is none. */
  static void write(byte[] bytes, int offset, int length) {
    TunService service = running;
    FileOutputStream to = service == null ? null : service.output;
    if (to == null) return;
    try {
      to.write(bytes, offset, length);
    } catch (IOException error) {
      Log.d(TAG, "a packet was not taken: " + error.getMessage());
    }
  }

  /**
   * Exempts a socket from the VPN. Only with "Block connections without VPN" is that needed: the tunnel's datagrams
   * are IPv4, and the interface takes nothing but IPv6.
   */
  public static boolean exempt(DatagramSocket socket) {
    TunService service = running;
    return service != null && service.protect(socket);
  }

  static void stop() {
    TunService service = running;
    if (service != null) service.end();
  }

  @Override
  public int onStartCommand(Intent intent, int flags, int id) {
    String address = intent == null ? null : intent.getStringExtra(ADDRESS);
    startForeground(NOTIFICATION, notification(address));
    // Always-on VPN starts the service without the app, which has to bring the address.
    if (address == null) return START_STICKY;
    try {
      open(address);
    } catch (IOException | RuntimeException error) {
      Log.e(TAG, "no interface for " + address, error);
      end();
    }
    return START_STICKY;
  }

  /** As Android6bed4 had it: two halves of all of IPv6, which are more specific than any default route. */
  private void open(String address) throws IOException {
    Builder builder =
        new Builder()
            .setSession("6bed4 " + address)
            .setMtu(MTU)
            .addAddress(address, 128)
            .addRoute("::", 1)
            .addRoute("8000::", 1)
            // Without that, Android blocks IPv4, and with it the tunnel.
            .allowFamily(OsConstants.AF_INET)
            .setBlocking(true);
    if (Build.VERSION.SDK_INT >= 29) builder.setMetered(false);
    ParcelFileDescriptor opened = builder.establish();
    if (opened == null) throw new IOException("the user did not allow a VPN");
    close();
    tun = opened;
    output = new FileOutputStream(opened.getFileDescriptor());
    running = this;
    FileInputStream input = new FileInputStream(opened.getFileDescriptor());
    new Thread(() -> read(input, opened.getFileDescriptor()), "6bed4 TUN").start();
    followNetwork();
  }

  /** Reads whole packets, and passes on together what is there together. */
  private static void read(FileInputStream input, FileDescriptor descriptor) {
    StructPollfd poll = new StructPollfd();
    poll.fd = descriptor;
    poll.events = (short) OsConstants.POLLIN;
    StructPollfd[] polls = {poll};
    byte[] batch = new byte[BATCH];
    int length = 0;
    try {
      while (true) {
        int count = input.read(batch, length, MTU);
        if (count <= 0) break;
        length += count;
        if (length + MTU <= batch.length && Os.poll(polls, 0) > 0) continue;
        Listener to = listener;
        if (to != null) to.packets(batch, length);
        length = 0;
      }
    } catch (IOException | ErrnoException error) {
      // The interface was closed.
    }
  }

  /** The system routes the tunnel's datagrams by the network that this names; JavaScript asks its router again. */
  private void followNetwork() {
    if (networkCallback != null) return;
    networkCallback =
        new ConnectivityManager.NetworkCallback() {
          @Override
          public void onAvailable(Network network) {
            setUnderlyingNetworks(new Network[] {network});
          }

          @Override
          public void onLost(Network network) {
            setUnderlyingNetworks(null);
          }
        };
    connectivity().registerDefaultNetworkCallback(networkCallback);
  }

  private ConnectivityManager connectivity() {
    return (ConnectivityManager) getSystemService(CONNECTIVITY_SERVICE);
  }

  private Notification notification(String address) {
    if (Build.VERSION.SDK_INT < 26) return new Notification();
    NotificationManager manager = (NotificationManager) getSystemService(NOTIFICATION_SERVICE);
    manager.createNotificationChannel(
        new NotificationChannel(CHANNEL, "6bed4", NotificationManager.IMPORTANCE_LOW));
    return new Notification.Builder(this, CHANNEL)
        .setSmallIcon(android.R.drawable.stat_sys_data_bluetooth)
        .setContentTitle("6bed4")
        .setContentText(address == null ? "waiting for an address" : address)
        .setOngoing(true)
        .build();
  }

  @Override
  public void onRevoke() {
    Listener to = listener;
    if (to != null) to.revoked();
    end();
  }

  @Override
  public void onDestroy() {
    close();
    super.onDestroy();
  }

  private void end() {
    close();
    stopForeground(true);
    stopSelf();
  }

  private void close() {
    if (running == this) running = null;
    if (networkCallback != null) connectivity().unregisterNetworkCallback(networkCallback);
    networkCallback = null;
    output = null;
    if (tun == null) return;
    try {
      tun.close();
    } catch (IOException error) {
      Log.d(TAG, "closing: " + error.getMessage());
    }
    tun = null;
  }
}
