package sixbed4;

import android.app.Activity;
import android.content.Intent;
import android.net.VpnService;
import android.os.Build;
import android.util.Base64;
import com.facebook.react.bridge.ActivityEventListener;
import com.facebook.react.bridge.BaseActivityEventListener;
import com.facebook.react.bridge.Promise;
import com.facebook.react.bridge.ReactApplicationContext;
import com.facebook.react.bridge.ReactContextBaseJavaModule;
import com.facebook.react.bridge.ReactMethod;
import com.facebook.react.modules.core.DeviceEventManagerModule.RCTDeviceEventEmitter;

/** The native side of {@code src/tun.ts}: packets stand one after the other, in base64. */
public final class TunModule extends ReactContextBaseJavaModule implements TunService.Listener {
  private static final int REQUEST = 0x6bed;
  private static final int HEADER = 40;
  private static final int PAYLOAD_LENGTH = 4;

  private Promise waiting;
  private String address;

  private final ActivityEventListener answers =
      new BaseActivityEventListener() {
        @Override
        public void onActivityResult(Activity activity, int request, int result, Intent data) {
          if (request == REQUEST) answered(result == Activity.RESULT_OK);
        }
      };

  public TunModule(ReactApplicationContext context) {
    super(context);
    context.addActivityEventListener(answers);
    TunService.listen(this);
  }

  @Override
  public String getName() {
    return "SixBed4Tun";
  }

  /** Asks the user, the first time; then makes the interface. */
  @ReactMethod
  public void start(String address, Promise promise) {
    this.address = address;
    waiting = promise;
    Intent question = VpnService.prepare(getReactApplicationContext());
    Activity activity = getReactApplicationContext().getCurrentActivity();
    if (question == null) answered(true);
    else if (activity == null) answered(false);
    else activity.startActivityForResult(question, REQUEST);
  }

  private void answered(boolean allowed) {
    Promise promise = waiting;
    waiting = null;
    if (promise == null) return;
    if (!allowed) {
      promise.reject("EPERM", "the user did not allow a VPN");
      return;
    }
    Intent intent = new Intent(getReactApplicationContext(), TunService.class);
    intent.putExtra(TunService.ADDRESS, address);
    if (Build.VERSION.SDK_INT >= 26) getReactApplicationContext().startForegroundService(intent);
    else getReactApplicationContext().startService(intent);
    promise.resolve(null);
  }

  @ReactMethod
  public void stop() {
    TunService.stop();
  }

  /** Writes the packets of a batch; ends at what is no whole packet. */
  @ReactMethod
  public void write(String packets) {
    byte[] bytes = Base64.decode(packets, Base64.NO_WRAP);
    int offset = 0;
    while (offset + HEADER <= bytes.length && (bytes[offset] & 0xf0) == 0x60) {
      int at = offset + PAYLOAD_LENGTH;
      int length = HEADER + ((bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff);
      if (offset + length > bytes.length) return;
      TunService.write(bytes, offset, length);
      offset += length;
    }
  }

  @Override
  public void packets(byte[] batch, int length) {
    emit("sixbed4-packets", Base64.encodeToString(batch, 0, length, Base64.NO_WRAP));
  }

  @Override
  public void revoked() {
    emit("sixbed4-revoked", null);
  }

  /** `NativeEventEmitter` asks for these two. */
  @ReactMethod
  public void addListener(String event) {}

  @ReactMethod
  public void removeListeners(double count) {}

  private void emit(String event, Object value) {
    getReactApplicationContext().getJSModule(RCTDeviceEventEmitter.class).emit(event, value);
  }
}
