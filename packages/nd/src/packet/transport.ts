/*
 * TCP (RFC 9293 §3.1)                    UDP (RFC 768)
 *
 *   0   source port | destination port     0   source port | destination port
 *   4   sequence number                    4   length | checksum
 *   8   acknowledgment number
 *   12  data offset | flags | window     SCTP (RFC 9260 §3)
 *   16  checksum | urgent pointer
 *   20  options                            0   source port | destination port
 *                                          4   verification tag
 *                                          8   checksum
 *                                          12  chunks
 */

/** Where TCP, UDP, SCTP, DCCP and UDP-Lite have their source port, 2 bytes. */
export const SOURCE_PORT_OFFSET = 0;
/** Where TCP, UDP, SCTP, DCCP and UDP-Lite have their destination port, 2 bytes. */
export const DESTINATION_PORT_OFFSET = 2;

/** UDP header length in bytes (RFC 768). */
export const UDP_HEADER_LENGTH = 8;
/** Where a UDP header has its length, 2 bytes (RFC 768). */
export const UDP_LENGTH_OFFSET = 4;
/** Where a UDP header has its checksum, 2 bytes (RFC 768). */
export const UDP_CHECKSUM_OFFSET = 6;
/** Where a UDP-Lite header has its checksum, 2 bytes (RFC 3828 §3.1). */
export const UDP_LITE_CHECKSUM_OFFSET = 6;
/** Where a DCCP header has its checksum, 2 bytes (RFC 4340 §5.1). */
export const DCCP_CHECKSUM_OFFSET = 6;

/** Length of a TCP header without options, in bytes (RFC 9293 §3.1). */
export const TCP_HEADER_LENGTH = 20;
/** Where a TCP header has its sequence number, 4 bytes. */
export const TCP_SEQUENCE_OFFSET = 4;
/** Where a TCP header has its acknowledgment number, 4 bytes. */
export const TCP_ACKNOWLEDGMENT_OFFSET = 8;
/** Where a TCP header has its own length in 32-bit words, the high nibble of a byte. */
export const TCP_DATA_OFFSET_OFFSET = 12;
/** Where a TCP header has its flags, 1 byte. */
export const TCP_FLAGS_OFFSET = 13;
/** Where a TCP header has its window, 2 bytes. */
export const TCP_WINDOW_OFFSET = 14;
/** Where a TCP header has its checksum, 2 bytes. */
export const TCP_CHECKSUM_OFFSET = 16;
/** Where a TCP header has its urgent pointer, 2 bytes. */
export const TCP_URGENT_POINTER_OFFSET = 18;

/** TCP flag: no more data from the sender. */
export const TCP_FIN = 0x01;
/** TCP flag: synchronize sequence numbers. */
export const TCP_SYN = 0x02;
/** TCP flag: reset the connection. */
export const TCP_RST = 0x04;
/** TCP flag: push function. */
export const TCP_PSH = 0x08;
/** TCP flag: the acknowledgment number counts. */
export const TCP_ACK = 0x10;
/** TCP flag: the urgent pointer counts. */
export const TCP_URG = 0x20;
/** TCP flag: ECN echo (RFC 3168 §6.1). */
export const TCP_ECE = 0x40;
/** TCP flag: congestion window reduced (RFC 3168 §6.1.2). */
export const TCP_CWR = 0x80;

/** Length of the SCTP common header, in bytes (RFC 9260 §3.1). */
export const SCTP_HEADER_LENGTH = 12;
/** Where an SCTP header has its verification tag, 4 bytes (RFC 9260 §3.1). */
export const SCTP_VERIFICATION_TAG_OFFSET = 4;
/** Where the first chunk of an SCTP packet has its type, 1 byte (RFC 9260 §3.2). */
export const SCTP_CHUNK_OFFSET = 12;
/** Where INIT and INIT ACK have their initiate tag, 4 bytes (RFC 9260 §3.3.2). */
export const SCTP_INITIATE_TAG_OFFSET = 16;
