/*
 * Numbers of the Linux kernel's interface, the same on every architecture that the foreign function
 * library supports: x86, ARM, RISC-V, LoongArch and PowerPC.
 */

// open(2)
export const O_RDWR = 0x2;
export const O_NONBLOCK = 0x800;
export const O_CLOEXEC = 0x80000;

// socket(2)
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;

// netdevice(7)
export const SIOCADDRT = 0x890b;
export const SIOCDELRT = 0x890c;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCSIFFLAGS = 0x8914;
export const SIOCSIFADDR = 0x8916;
export const SIOCGIFMTU = 0x8921;
export const SIOCSIFMTU = 0x8922;
export const SIOCGIFINDEX = 0x8933;
export const SIOCDIFADDR = 0x8936;
export const IFF_UP = 0x1;
export const IFNAMSIZ = 16;

// linux/if_tun.h
export const TUNSETIFF = 0x400454ca;
export const IFF_TUN = 0x1;
export const IFF_NO_PI = 0x1000;
export const IFF_TUN_EXCL = 0x8000;

// linux/ipv6_route.h
export const RTF_UP = 0x1;

// rtnetlink(7)
export const NETLINK_ROUTE = 0;
export const RTMGRP_LINK = 0x1;
export const RTM_NEWLINK = 16;

// ip(7), socket(7)
export const SOL_IP = 0;
export const IP_TOS = 1;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_DONT = 0;
export const SOL_SOCKET = 1;
export const SO_RCVBUFFORCE = 33;
