/** The texts of the package for Debian, in the forms of Debian's policy. */

const MAINTAINER = 'the 6bed4 in TypeScript maintainers <maintainers@6bed4.invalid>';
const DESCRIPTION = `IPv6 for any application on any IPv4 network
 The tunnel 6bed4 carries IPv6 in UDP over IPv4, through NAT, and directly
 between peers where the NAT allows that. The command 6bed4 runs peers, which
 get an IPv6 address from a router, and routers as daemons; gives programs
 without privileges IPv6 by SOCKS and HTTP; and shows paths, NAT behavior and
 traffic.`;

export function controlText({ version, architecture, size, node }) {
  return `Package: 6bed4
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${size}
Depends: nodejs (>= ${node}), libc6
Recommends: nftables
Suggests: bash-completion, wireshark
Section: net
Priority: optional
Description: ${DESCRIPTION}
`;
}

export function changelogText({ version, date }) {
  return `6bed4 (${version}) unstable; urgency=medium

  * Package of the npm package 6bed4 with everything that it needs.

 -- ${MAINTAINER}  ${date}
`;
}

/** A copyright file (DEP 5): each npm package in it has the text of its own license. */
export function copyrightText(license, modules, root) {
  const stanzas = modules
    .filter(({ isOurs }) => !isOurs)
    .map((module) => {
      const files = `${module.folder.slice(root.length + 1)}/*`;
      return stanza(files, module.license, licenseOf(module), module.author);
    });
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: 6bed4\n',
    stanza('*', 'MIT', license),
    ...stanzas,
  ].join('\n');
}

/** Licenses that Debian has on every computer. */
const COMMON = { 'Apache-2.0': '/usr/share/common-licenses/Apache-2.0' };

function licenseOf({ license, text, name }) {
  const common = COMMON[license];
  if (common !== undefined) return `The text of this license is in ${common}.`;
  return text ?? `The license that the package ${name} names in its package.json.`;
}

/** A line such as `Copyright (c) 2020 Somebody`; that of a license's own text has neither. */
const HOLDER = /copyright\s*(?:(?:\(c\)|©)[\s:,]*|(?=\d{4}))(.+?)\s*$/i;

function stanza(files, license, text, author) {
  const [first = author ?? 'its authors', ...others] = text.split('\n').flatMap((line) => {
    const [, holder] = HOLDER.exec(line) ?? [];
    return holder === undefined ? [] : [holder];
  });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => ` ${line.trim() === '' ? '.' : line.trimEnd()}`);
  const copyright = [first, ...others.map((holder) => `  ${holder}`)].join('\n');
  return `Files: ${files}\nCopyright: ${copyright}\nLicense: ${license}\n${lines.join('\n')}\n`;
}

/**
 * The scripts that dpkg runs. Nothing starts when the package is installed, since a daemon needs a router or
 * an address first; what was started is stopped when it is removed, and restarted when it is upgraded.
 */
export function maintainerScripts(units) {
  const reload = `if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi`;
  if (units.length === 0) return {};
  const patterns = units.map((unit) => `'${unit.replace('@.', '@*.')}'`).join(' ');
  return {
    postinst: `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  if [ -n "$2" ]; then
    systemctl try-restart ${patterns} >/dev/null || true
  fi
fi
`,
    prerm: `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl stop ${patterns} >/dev/null || true
fi
`,
    postrm: `#!/bin/sh
set -e
${reload}
`,
  };
}

/** What lintian finds and why it stays. */
export const OVERRIDES = `# Nobody has asked Debian for this package; it is not uploaded there.
6bed4: initial-upload-closes-no-bugs
# Running instances of a template unit are found by pattern, which systemctl does; only where systemd runs.
6bed4: maintainer-script-calls-systemctl
`;
