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
  (global $TCP_SEQUENCE i32 (i32.const 4))
  (global $TCP_FLAGS i32 (i32.const 13))
  (global $TCP_CHECKSUM i32 (i32.const 16))
  (global $UDP_LENGTH i32 (i32.const 4))
  (global $UDP_CHECKSUM i32 (i32.const 6))
  (global $FIN_AND_PSH i32 (i32.const 0x09))
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
  (func (export "isValid") (param $packet i32) (param $length i32) (result i32)
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
