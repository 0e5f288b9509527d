;; Packets that lie one behind the other in the memory of an arena, and have one header: the functions of
;; `SegmentWork` about them. `alikePackets.ts` has the conditions in TypeScript, under names that are like these.
(module
  (memory (import "arena" "memory") 0)
  (func $is_valid (import "segments" "isValid") (param i32) (param i32) (result i32))

  ;; Fields of packets, as offsets from the header they are in.
  (global $PAYLOAD_LENGTH i32 (i32.const 4))
  (global $NEXT_HEADER i32 (i32.const 6))
  (global $IPV6_HEADER_LENGTH i32 (i32.const 40))
  (global $TCP i32 (i32.const 6))
  (global $UDP i32 (i32.const 17))
  (global $TCP_FLAGS i32 (i32.const 13))
  (global $SYN_AND_RST i32 (i32.const 0x06))
  (global $PSH i32 (i32.const 0x08))

  ;; Exchanges the two bytes of a 16-bit number.
  (func $swap16 (param $value i32) (result i32)
    (i32.or
      (i32.shl (i32.and (local.get $value) (i32.const 0xff)) (i32.const 8))
      (i32.shr_u (local.get $value) (i32.const 8))))

  ;; Exchanges the four bytes of a 32-bit number.
  (func $swap32 (param $value i32) (result i32)
    (i32.or
      (i32.and (i32.rotr (local.get $value) (i32.const 8)) (i32.const 0xff00ff00))
      (i32.and (i32.rotl (local.get $value) (i32.const 8)) (i32.const 0x00ff00ff))))

  ;; The first 16 bytes of an IPv6 header without the payload length.
  (func $header_start (param $packet i32) (result v128)
    (v128.and
      (v128.load align=1 (local.get $packet))
      (v128.const i8x16 -1 -1 -1 -1 0 0 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1)))

  ;; Whether a packet may be in a run: see `isSuitable`.
  (func $is_suitable (param $packet i32) (param $length i32) (result i32)
    (local $protocol i32)
    (if (i32.lt_u (local.get $length) (i32.const 48)) (then (return (i32.const 0))))
    (if (i32.ne
          (i32.shr_u (i32.load8_u (local.get $packet)) (i32.const 4))
          (i32.const 6))
      (then (return (i32.const 0))))
    (if (i32.ne
          (i32.load16_u align=1 (i32.add (local.get $packet) (global.get $PAYLOAD_LENGTH)))
          (call $swap16 (i32.sub (local.get $length) (global.get $IPV6_HEADER_LENGTH))))
      (then (return (i32.const 0))))
    (local.set $protocol
      (i32.load8_u (i32.add (local.get $packet) (global.get $NEXT_HEADER))))
    (if (i32.eq (local.get $protocol) (global.get $UDP)) (then (return (i32.const 1))))
    (if (i32.ne (local.get $protocol) (global.get $TCP)) (then (return (i32.const 0))))
    (if (i32.lt_u (local.get $length) (i32.const 60)) (then (return (i32.const 0))))
    (i32.eqz
      (i32.and
        (i32.load8_u offset=40 (i32.add (local.get $packet) (global.get $TCP_FLAGS)))
        (global.get $SYN_AND_RST))))

  ;; Whether two packets have the same IPv6 header but for the payload length, and the same ports.
  (func $have_one_header (param $one i32) (param $other i32) (result i32)
    (i32.eqz
      (i32.or
        (v128.any_true
          (v128.or
            (v128.xor
              (call $header_start (local.get $one))
              (call $header_start (local.get $other)))
            (v128.xor
              (v128.load offset=16 align=1 (local.get $one))
              (v128.load offset=16 align=1 (local.get $other)))))
        (i32.or
          (i64.ne
            (i64.load offset=32 align=1 (local.get $one))
            (i64.load offset=32 align=1 (local.get $other)))
          (i32.ne
            (i32.load offset=40 align=1 (local.get $one))
            (i32.load offset=40 align=1 (local.get $other)))))))

  (func (export "alike") (param $at i32) (param $length i32) (param $size i32) (result i32)
    (local $first i32)
    (local $one i32)
    (local $end i32)
    (local.set $first (local.get $at))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $one
      (select
        (local.get $size)
        (local.get $length)
        (i32.lt_u (local.get $size) (local.get $length))))
    (if (i32.eqz (call $is_suitable (local.get $at) (local.get $one)))
      (then (return (local.get $one))))
    (block $done
      (loop $next
        (local.set $at (i32.add (local.get $at) (local.get $one)))
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $one (i32.sub (local.get $end) (local.get $at)))
        (if (i32.gt_u (local.get $one) (local.get $size))
          (then (local.set $one (local.get $size))))
        (br_if $done (i32.eqz (call $is_suitable (local.get $at) (local.get $one))))
        (br_if $next (call $have_one_header (local.get $first) (local.get $at)))))
    (i32.sub (local.get $at) (local.get $first)))

  ;; Whether TCP headers have the same options; a length is a multiple of 4.
  (func $have_same_options (param $one i32) (param $other i32) (param $length i32) (result i32)
    (local $offset i32)
    (local.set $offset (i32.const 20))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $offset) (local.get $length)))
        (if (i32.ne
              (i32.load align=1 (i32.add (local.get $one) (local.get $offset)))
              (i32.load align=1 (i32.add (local.get $other) (local.get $offset))))
          (then (return (i32.const 0))))
        (local.set $offset (i32.add (local.get $offset) (i32.const 4)))
        (br $next)))
    (i32.const 1))

  ;; Whether a TCP header continues another one, after so many bytes; see `followsTcp`. Acknowledgment, data
  ;; offset, flags and window are in one word of 64 bits, of which only PSH may differ; checksum and urgent
  ;; pointer in the next of 32 bits.
  (func $follows_tcp
    (param $one i32) (param $other i32) (param $distance i32) (param $length i32) (result i32)
    (if (i32.ne
          (i32.sub
            (call $swap32 (i32.load offset=4 align=1 (local.get $other)))
            (call $swap32 (i32.load offset=4 align=1 (local.get $one))))
          (local.get $distance))
      (then (return (i32.const 0))))
    (if (i64.ne
          (i64.and
            (i64.xor
              (i64.load offset=8 align=1 (local.get $one))
              (i64.load offset=8 align=1 (local.get $other)))
            (i64.const 0xfffff7ffffffffff))
          (i64.const 0))
      (then (return (i32.const 0))))
    (if (i32.ne
          (i32.load16_u offset=18 align=1 (local.get $one))
          (i32.load16_u offset=18 align=1 (local.get $other)))
      (then (return (i32.const 0))))
    (call $have_same_options (local.get $one) (local.get $other) (local.get $length)))

  (func (export "following") (param $last i32) (param $length i32) (param $size i32) (result i32)
    (local $at i32)
    (local $start i32)
    (local $end i32)
    (local $one i32)
    (local $isTcp i32)
    (local $upperLength i32)
    (local $distance i32)
    (local $payload i32)
    (local.set $start (i32.add (local.get $last) (local.get $size)))
    (local.set $at (local.get $start))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $isTcp
      (i32.eq
        (i32.load8_u (i32.add (local.get $last) (global.get $NEXT_HEADER)))
        (global.get $TCP)))
    (local.set $upperLength (i32.const 8))
    (if (local.get $isTcp)
      (then
        (local.set $upperLength
          (i32.shl
            (i32.shr_u (i32.load8_u offset=52 (local.get $last)) (i32.const 4))
            (i32.const 2)))))
    (local.set $payload
      (i32.sub
        (i32.sub (local.get $size) (global.get $IPV6_HEADER_LENGTH))
        (local.get $upperLength)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $one (i32.sub (local.get $end) (local.get $at)))
        (if (i32.gt_u (local.get $one) (local.get $size))
          (then (local.set $one (local.get $size))))
        (br_if $done
          (i32.le_u
            (local.get $one)
            (i32.add (global.get $IPV6_HEADER_LENGTH) (local.get $upperLength))))
        (local.set $distance (i32.add (local.get $distance) (local.get $payload)))
        (if (local.get $isTcp)
          (then
            (br_if $done
              (i32.eqz
                (call $follows_tcp
                  (i32.add (local.get $last) (global.get $IPV6_HEADER_LENGTH))
                  (i32.add (local.get $at) (global.get $IPV6_HEADER_LENGTH))
                  (local.get $distance)
                  (local.get $upperLength)))))
          (else
            (br_if $done
              (i32.ne
                (i32.load16_u offset=44 align=1 (local.get $at))
                (call $swap16
                  (i32.sub (local.get $one) (global.get $IPV6_HEADER_LENGTH)))))
            (br_if $done (i32.eqz (i32.load16_u offset=46 align=1 (local.get $at))))))
        (br_if $done (i32.eqz (call $is_valid (local.get $at) (local.get $one))))
        (local.set $at (i32.add (local.get $at) (local.get $one)))
        (br_if $next (i32.eqz (local.get $isTcp)))
        (br_if $next
          (i32.eqz
            (i32.and
              (i32.load8_u
                (i32.add
                  (i32.sub (local.get $at) (local.get $one))
                  (i32.add (global.get $IPV6_HEADER_LENGTH) (global.get $TCP_FLAGS))))
              (global.get $PSH))))))
    (i32.sub (local.get $at) (local.get $start)))
)
