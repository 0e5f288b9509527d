// Prints the layouts of structures and the sizes of types as the C compiler of this machine has them, by the library koffi
// beside this file.
import koffi from 'koffi';

const describe = (name, members) => {
  const type = koffi.struct(name, members);
  const offsets = Object.keys(members).map((member) => [member, koffi.offsetof(type, member)]);
  return { size: koffi.sizeof(type), ...Object.fromEntries(offsets) };
};

const messageHeader = {
  msg_name: 'void *',
  msg_namelen: 'unsigned int',
  msg_iov: 'void *',
  msg_iovlen: 'size_t',
  msg_control: 'void *',
  msg_controllen: 'size_t',
  msg_flags: 'int',
};

console.log(
  JSON.stringify({
    long: koffi.sizeof('long'),
    pointer: koffi.sizeof('void *'),
    msghdr: describe('msghdr', messageHeader),
    mmsghdr: describe('mmsghdr', { msg_hdr: 'msghdr', msg_len: 'unsigned int' }),
    iovec: describe('iovec', { iov_base: 'void *', iov_len: 'size_t' }),
    cmsghdr: describe('cmsghdr', { cmsg_len: 'size_t', cmsg_level: 'int', cmsg_type: 'int' }),
    pollfd: describe('pollfd', { fd: 'int', events: 'short', revents: 'short' }),
  }),
);
