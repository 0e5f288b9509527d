;; Checksums and segmentation of packets in the memory of an arena, 16 bytes at a time: the functions of
;; `SegmentWork`, whose comments say what each takes and returns. `ScriptSegmentWork` does the same in TypeScript.
;;
;; Sums are of 16-bit words in the order of this machine's bytes, which is little-endian by the definition of
;; WebAssembly. Exchanging the bytes of the folded sum makes the one of network order (RFC 1071 §2 (B)).
(module
  (memory (import "arena" "memory") 0)

  ;; Fields of packets, as offsets from the header they are in.
  (global $PAYLOAD_LENGTH i32 (i32.const 4))
  (global $NEXT_HEADER i32 (i32.const 6))
  (global $SOURCE i32 (i32.const 8))
  (global $ADDRESSES_LENGTH i32 (i32.const 32))
  (global $IPV6_HEADER_LENGTH i32 (i32.const 40))
  (global $TCP i32 (i32.const 6))
  (global $UDP i32 (i32.const 17))
  (global $TCP_SEQUENCE i32 (i32.const 4))
  (global $TCP_FLAGS i32 (i32.const 13))
  (global $TCP_CHECKSUM i32 (i32.const 16))
  (global $UDP_LENGTH i32 (i32.const 4))
  (global $UDP_CHECKSUM i32 (i32.const 6))
  (global $FIN_AND_PSH i32 (i32.const 0x09))
  (global $SYN_AND_RST i32 (i32.const 0x06))
  (global $PSH i32 (i32.const 0x08))
  (global $CWR i32 (i32.const 0x80))

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

  ;; Folds a sum to 16 bits with end-around carry; 0 only for 0.
  (func $fold (param $sum i64) (result i32)
    (local.set $sum
      (i64.add
        (i64.and (local.get $sum) (i64.const 0xffffffff))
        (i64.shr_u (local.get $sum) (i64.const 32))))
    (local.set $sum
      (i64.add
        (i64.and (local.get $sum) (i64.const 0xffff))
        (i64.shr_u (local.get $sum) (i64.const 16))))
    (local.set $sum
      (i64.add
        (i64.and (local.get $sum) (i64.const 0xffff))
        (i64.shr_u (local.get $sum) (i64.const 16))))
    (i32.wrap_i64
      (i64.add
        (i64.and (local.get $sum) (i64.const 0xffff))
        (i64.shr_u (local.get $sum) (i64.const 16)))))

  ;; Adds up four 32-bit sums.
  (func $total (param $sums v128) (result i64)
    (local $halves v128)
    (local.set $halves
      (i64x2.add
        (i64x2.extend_low_i32x4_u (local.get $sums))
        (i64x2.extend_high_i32x4_u (local.get $sums))))
    (i64.add
      (i64x2.extract_lane 0 (local.get $halves))
      (i64x2.extract_lane 1 (local.get $halves))))

  ;; The sum, not folded, of up to 131,072 bytes; an odd last one is followed by a zero.
  (func $sum_bytes (param $at i32) (param $length i32) (result i64)
    (local $sums v128)
    (local $more v128)
    (local $rest i64)
    (local $end i32)
    (local.set $end
      (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -64))))
    (block $no_64
      (loop $next_64
        (br_if $no_64 (i32.eq (local.get $at) (local.get $end)))
        (local.set $sums
          (i32x4.add
            (local.get $sums)
            (i32x4.extadd_pairwise_i16x8_u (v128.load align=1 (local.get $at)))))
        (local.set $more
          (i32x4.add
            (local.get $more)
            (i32x4.extadd_pairwise_i16x8_u (v128.load offset=16 align=1 (local.get $at)))))
        (local.set $sums
          (i32x4.add
            (local.get $sums)
            (i32x4.extadd_pairwise_i16x8_u (v128.load offset=32 align=1 (local.get $at)))))
        (local.set $more
          (i32x4.add
            (local.get $more)
            (i32x4.extadd_pairwise_i16x8_u (v128.load offset=48 align=1 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next_64)))
    (local.set $end
      (i32.add (local.get $at) (i32.and (local.get $length) (i32.const 48))))
    (block $no_16
      (loop $next_16
        (br_if $no_16 (i32.eq (local.get $at) (local.get $end)))
        (local.set $sums
          (i32x4.add
            (local.get $sums)
            (i32x4.extadd_pairwise_i16x8_u (v128.load align=1 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next_16)))
    (if (i32.and (local.get $length) (i32.const 8))
      (then
        (local.set $sums
          (i32x4.add
            (local.get $sums)
            (i32x4.extadd_pairwise_i16x8_u (v128.load64_zero align=1 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
    (if (i32.and (local.get $length) (i32.const 4))
      (then
        (local.set $rest (i64.load32_u align=1 (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (if (i32.and (local.get $length) (i32.const 2))
      (then
        (local.set $rest
          (i64.add (local.get $rest) (i64.load16_u align=1 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))))
    (if (i32.and (local.get $length) (i32.const 1))
      (then
        (local.set $rest (i64.add (local.get $rest) (i64.load8_u (local.get $at))))))
    (i64.add
      (local.get $rest)
      (call $total (i32x4.add (local.get $sums) (local.get $more)))))

  ;; Copies bytes to a place that does not overlap theirs, and returns their sum as $sum_bytes does.
  (func $copy (param $at i32) (param $to i32) (param $length i32) (result i64)
    (local $sums v128)
    (local $more v128)
    (local $words v128)
    (local $rest i64)
    (local $some i64)
    (local $end i32)
    (local.set $end
      (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -32))))
    (block $no_32
      (loop $next_32
        (br_if $no_32 (i32.eq (local.get $at) (local.get $end)))
        (local.set $words (v128.load align=1 (local.get $at)))
        (v128.store align=1 (local.get $to) (local.get $words))
        (local.set $sums
          (i32x4.add (local.get $sums) (i32x4.extadd_pairwise_i16x8_u (local.get $words))))
        (local.set $words (v128.load offset=16 align=1 (local.get $at)))
        (v128.store offset=16 align=1 (local.get $to) (local.get $words))
        (local.set $more
          (i32x4.add (local.get $more) (i32x4.extadd_pairwise_i16x8_u (local.get $words))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (br $next_32)))
    (if (i32.and (local.get $length) (i32.const 16))
      (then
        (local.set $words (v128.load align=1 (local.get $at)))
        (v128.store align=1 (local.get $to) (local.get $words))
        (local.set $sums
          (i32x4.add (local.get $sums) (i32x4.extadd_pairwise_i16x8_u (local.get $words))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))))
    (if (i32.and (local.get $length) (i32.const 8))
      (then
        (local.set $words (v128.load64_zero align=1 (local.get $at)))
        (v128.store64_lane align=1 0 (local.get $to) (local.get $words))
        (local.set $more
          (i32x4.add (local.get $more) (i32x4.extadd_pairwise_i16x8_u (local.get $words))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))))
    (if (i32.and (local.get $length) (i32.const 4))
      (then
        (local.set $some (i64.load32_u align=1 (local.get $at)))
        (i64.store32 align=1 (local.get $to) (local.get $some))
        (local.set $rest (local.get $some))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))))
    (if (i32.and (local.get $length) (i32.const 2))
      (then
        (local.set $some (i64.load16_u align=1 (local.get $at)))
        (i64.store16 align=1 (local.get $to) (local.get $some))
        (local.set $rest (i64.add (local.get $rest) (local.get $some)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))))
    (if (i32.and (local.get $length) (i32.const 1))
      (then
        (local.set $some (i64.load8_u (local.get $at)))
        (i64.store8 (local.get $to) (local.get $some))
        (local.set $rest (i64.add (local.get $rest) (local.get $some)))))
    (i64.add
      (local.get $rest)
      (call $total (i32x4.add (local.get $sums) (local.get $more)))))

  (func $sum (export "sum") (param $at i32) (param $length i32) (param $initial i32) (result i32)
    (call $fold
      (i64.add
        (i64.extend_i32_u (local.get $initial))
        (i64.extend_i32_u
          (call $swap16 (call $fold (call $sum_bytes (local.get $at) (local.get $length))))))))

  ;; Addresses and upper layer follow each other; only two fields of the pseudo-header lie elsewhere.
  (func $is_valid (export "isValid") (param $packet i32) (param $length i32) (result i32)
    (i32.eq
      (i32.const 0xffff)
      (call $sum
        (i32.add (local.get $packet) (global.get $SOURCE))
        (i32.sub (local.get $length) (global.get $SOURCE))
        (i32.add
          (i32.sub (local.get $length) (global.get $IPV6_HEADER_LENGTH))
          (i32.load8_u (i32.add (local.get $packet) (global.get $NEXT_HEADER)))))))

  (func (export "cut")
    (param $packet i32) (param $upper i32) (param $headers i32) (param $size i32) (param $protocol i32)
    (param $end i32) (param $from i32) (param $to i32) (param $limit i32)
    (result i32)
    (local $start i32)
    (local $payload i32)
    (local $length i32)
    (local $upperLength i32)
    (local $header i32)
    (local $field i32)
    (local $pseudo i64)
    (local.set $start (local.get $to))
    (local.set $pseudo
      (i64.add
        (call $sum_bytes
          (i32.add (local.get $packet) (global.get $SOURCE))
          (global.get $ADDRESSES_LENGTH))
        (i64.extend_i32_u (call $swap16 (local.get $protocol)))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $from) (local.get $end)))
        (local.set $payload (i32.sub (local.get $end) (local.get $from)))
        (if (i32.gt_u (local.get $payload) (local.get $size))
          (then (local.set $payload (local.get $size))))
        (local.set $length (i32.add (local.get $headers) (local.get $payload)))
        (br_if $done
          (i32.gt_u (i32.add (local.get $to) (local.get $length)) (local.get $limit)))
        (drop (call $copy (local.get $packet) (local.get $to) (local.get $headers)))
        (i32.store16 align=1
          (i32.add (local.get $to) (global.get $PAYLOAD_LENGTH))
          (call $swap16 (i32.sub (local.get $length) (global.get $IPV6_HEADER_LENGTH))))
        (local.set $header (i32.add (local.get $to) (local.get $upper)))
        (local.set $upperLength (i32.sub (local.get $length) (local.get $upper)))
        (if (i32.eq (local.get $protocol) (global.get $TCP))
          (then
            (call $write_tcp
              (local.get $header)
              (i32.sub
                (i32.sub (local.get $from) (local.get $packet))
                (local.get $headers))
              (i32.eq (i32.add (local.get $from) (local.get $payload)) (local.get $end)))
            (local.set $field (i32.add (local.get $header) (global.get $TCP_CHECKSUM))))
          (else
            (i32.store16 align=1
              (i32.add (local.get $header) (global.get $UDP_LENGTH))
              (call $swap16 (local.get $upperLength)))
            (local.set $field (i32.add (local.get $header) (global.get $UDP_CHECKSUM)))))
        (i32.store16 align=1 (local.get $field) (i32.const 0))
        (i32.store16 align=1
          (local.get $field)
          (call $checksum
            (i64.add
              (i64.add
                (local.get $pseudo)
                (i64.extend_i32_u (call $swap16 (local.get $upperLength))))
              (i64.add
                (call $sum_bytes
                  (local.get $header)
                  (i32.sub (local.get $headers) (local.get $upper)))
                (call $copy
                  (local.get $from)
                  (i32.add (local.get $to) (local.get $headers))
                  (local.get $payload))))))
        (local.set $from (i32.add (local.get $from) (local.get $payload)))
        (local.set $to (i32.add (local.get $to) (local.get $length)))
        (br $next)))
    (i32.sub (local.get $to) (local.get $start)))

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

  ;; Writes what differs in the TCP header of a segment: the sequence number, and the flags that belong to
  ;; the first one (RFC 3168 §6.1.2) or to the last.
  (func $write_tcp (param $header i32) (param $done i32) (param $isLast i32)
    (local $flags i32)
    (local $at i32)
    (local.set $at (i32.add (local.get $header) (global.get $TCP_SEQUENCE)))
    (i32.store align=1
      (local.get $at)
      (call $swap32
        (i32.add
          (call $swap32 (i32.load align=1 (local.get $at)))
          (local.get $done))))
    (local.set $at (i32.add (local.get $header) (global.get $TCP_FLAGS)))
    (local.set $flags (i32.load8_u (local.get $at)))
    (if (i32.eqz (local.get $isLast))
      (then
        (local.set $flags
          (i32.and (local.get $flags) (i32.xor (global.get $FIN_AND_PSH) (i32.const -1))))))
    (if (local.get $done)
      (then
        (local.set $flags
          (i32.and (local.get $flags) (i32.xor (global.get $CWR) (i32.const -1))))))
    (i32.store8 (local.get $at) (local.get $flags)))

  ;; The checksum of a sum, never zero: UDP reads that as "none", and TCP reads both alike.
  (func $checksum (param $sum i64) (result i32)
    (local $folded i32)
    (local.set $folded (call $fold (local.get $sum)))
    (select
      (i32.const 0xffff)
      (i32.xor (local.get $folded) (i32.const 0xffff))
      (i32.eq (local.get $folded) (i32.const 0xffff))))
)
