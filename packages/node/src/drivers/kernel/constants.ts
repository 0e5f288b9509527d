/*
 * Numbers of the Linux kernel's interface, the same on every architecture that the foreign function
 * library supports, x86, ARM, RISC-V, LoongArch and PowerPC, unless said otherwise.
 */

// open(2)
export const O_RDWR = 0x2;
export const O_NONBLOCK = 0x800;
export const O_CLOEXEC = 0x80000;

// socket(2)
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const IPPROTO_TCP = 6;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;

// netdevice(7)
export const SIOCGIFNAME = 0x8910;
export const SIOCGIFINDEX = 0x8933;
export const IFF_UP = 0x1;
export const IFF_RUNNING = 0x40;
export const IFNAMSIZ = 16;

/**
 * A request that writes an `int`: `_IOW('T', number, int)`. PowerPC has another number for the direction
 * (asm/ioctl.h).
 *
 * @param arch - as `process.arch`
 */
export function tunRequest(number: number, arch: string): number {
  return (arch === 'ppc64' ? 0x80045400 : 0x40045400) + number;
}

// linux/if_tun.h
export const TUNSETIFF: number = tunRequest(202, process.arch);
export const IFF_TUN = 0x1;
export const IFF_NO_PI = 0x1000;
export const IFF_TUN_EXCL = 0x8000;
export const IFF_MULTI_QUEUE = 0x100;
export const IFF_VNET_HDR = 0x4000;
export const TUNSETOFFLOAD: number = tunRequest(208, process.arch);
export const TUNSETVNETHDRSZ: number = tunRequest(216, process.arch);
export const TUN_F_CSUM = 0x01;
export const TUN_F_TSO6 = 0x04;
export const TUN_F_TSO_ECN = 0x08;
export const TUN_F_USO4 = 0x20;
export const TUN_F_USO6 = 0x40;

// linux/virtio_net.h
export const VIRTIO_NET_HDR_F_NEEDS_CSUM = 0x1;
export const VIRTIO_NET_HDR_GSO_NONE = 0;
export const VIRTIO_NET_HDR_GSO_TCPV6 = 4;
export const VIRTIO_NET_HDR_GSO_UDP_L4 = 5;
export const VIRTIO_NET_HDR_GSO_ECN = 0x80;

// netlink(7)
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

// rtnetlink(7)
export const SOL_NETLINK = 270;
export const NETLINK_GET_STRICT_CHK = 12;
export const NETLINK_ROUTE = 0;
export const RTMGRP_LINK = 0x1;
export const RTMGRP_IPV6_IFADDR = 0x100;
export const RTMGRP_IPV6_ROUTE = 0x400;
export const RTMGRP_IPV6_IFINFO = 0x800;
export const RTMGRP_IPV6_RULE = 0x40000;
export const RTMGRP_IPV4_IFADDR = 0x10;
export const RTMGRP_IPV4_ROUTE = 0x40;
export const RTMGRP_IPV4_RULE = 0x80;
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
export const RTM_NEWADDRLABEL = 72;
export const RTM_DELADDRLABEL = 73;
export const RTM_GETADDRLABEL = 74;
export const RT_TABLE_MAIN = 254;
export const RTPROT_STATIC = 4;
export const RTN_UNICAST = 1;
export const RTA_DST = 1;
export const RTA_SRC = 2;
export const RTA_OIF = 4;
export const RTA_GATEWAY = 5;
export const RTA_PRIORITY = 6;
export const RTA_PREFSRC = 7;
export const RTA_TABLE = 15;

// linux/if_link.h
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_TXQLEN = 13;
export const IFLA_CARRIER = 33;
export const IFLA_GSO_MAX_SEGS = 40;

// linux/netdevice.h
export const GSO_MAX_SEGS = 65_535;

// linux/if_addr.h
export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
export const IFA_CACHEINFO = 6;
export const IFA_FLAGS = 8;
export const IFA_F_NODAD = 0x02;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_DEPRECATED = 0x20;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_STABLE_PRIVACY = 0x800;

// linux/fib_rules.h
export const FR_ACT_TO_TBL = 1;
export const FRA_SRC = 2;
export const FRA_PRIORITY = 6;
export const FRA_TABLE = 15;

// linux/if_addrlabel.h
export const IFAL_ADDRESS = 1;
export const IFAL_LABEL = 2;

// sock_diag(7)
export const NETLINK_SOCK_DIAG = 4;
export const SOCK_DIAG_BY_FAMILY = 20;
export const SOCK_DESTROY = 21;
export const INET_DIAG_REQ_BYTECODE = 1;
export const INET_DIAG_BC_S_COND = 7;

// ip(7), socket(7)
export const SOL_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_RETOPTS = 7;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_DONT = 0;
export const IP_ADD_MEMBERSHIP = 35;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const MSG_DONTWAIT = 0x40;

// udp(7)
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;
/** Most datagrams that `UDP_SEGMENT` makes of one message. */
export const UDP_MAX_SEGMENTS = 64;

// poll(2)
export const POLLIN = 0x1;
export const POLLOUT = 0x4;

// eventfd(2)
export const EFD_NONBLOCK = 0x800;
export const EFD_CLOEXEC = 0x80000;
