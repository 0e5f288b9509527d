-- Dissector of 6bed4 for Wireshark and tshark: each datagram is an IPv6 packet, or an empty datagram that
-- keeps mappings of NATs open or probes a path. Shows the fields of both addresses, and whether a packet
-- went directly or by a router. Recognizes the layouts of addresses of all drafts: 00, 01, and 02 to 04.

local WELL_KNOWN_PORTS = "25790,25788,27629"
local HEADER = 40
-- Highest IPv4 TTL of a datagram that is not meant to reach the other side (draft-vanrein-6bed4-03 section 5).
local LONGEST_KEEPALIVE = 10

local sixbed4 = Proto("6bed4", "6bed4 Tunnel")

local ROLES = {
  "direct, from peer to peer",
  "from a peer to a router",
  "from a router to a peer",
  "from router to router, or not recognized",
}
local DIRECT, TO_ROUTER, FROM_ROUTER, BETWEEN_ROUTERS = 1, 2, 3, 4
local POLICIES = { [0] = "proper", "prohibited", "presumptuous", "persistent" }
-- Prefix of peers and their endpoints in the identifier (draft-vanrein-6bed4-04 section 2.1).
local LAYOUTS = { "draft 00: IPv4 address, port, identifier", "draft 01: EUI-64", "drafts 02 to 04: lanip" }
local DRAFT00, DRAFT01, DRAFT03 = 1, 2, 3

local pf = {
  role = ProtoField.uint8("6bed4.role", "Path", base.DEC, ROLES),
  direct = ProtoField.bool("6bed4.direct", "Direct"),
  policy = ProtoField.uint8("6bed4.policy", "Peering policy", base.DEC, POLICIES, 0xc0),
  seen = ProtoField.bool("6bed4.seen", "Seen", 8, { "direct packets arrive", "no" }, 0x20),
  conversation = ProtoField.string("6bed4.conversation", "Conversation"),
  malformed = ProtoField.bool("6bed4.length_mismatch", "Length differs from that of the datagram"),
  rohc = ProtoField.bool("6bed4.rohc", "Compressed headers (RoHC)"),
}

-- The same fields for source and destination; `6bed4.addr…` finds either.
local function addressFields(name, title)
  local prefix = "6bed4." .. name
  return {
    address = ProtoField.ipv6(prefix, title),
    layout = ProtoField.uint8(prefix .. ".layout", "Layout", base.DEC, LAYOUTS),
    router = ProtoField.ipv4(prefix .. ".router", "Router"),
    peer = ProtoField.ipv4(prefix .. ".peer", "Peer"),
    port = ProtoField.uint16(prefix .. ".port", "UDP port"),
    lanip = ProtoField.uint16(prefix .. ".lanip", "lanip"),
    invitation = ProtoField.bool(prefix .. ".invitation", "Invitation"),
  }
end

local sides = {
  source = addressFields("src", "Source"),
  destination = addressFields("dst", "Destination"),
}

-- Fields of datagrams without data.
local keepaliveField = ProtoField.bool("6bed4.keepalive", "Keepalive, which opens NATs nearby only")
local probeField = ProtoField.bool("6bed4.probe", "Probe, or a keepalive that goes all the way")

local all = {}
for _, field in pairs(pf) do all[#all + 1] = field end
for _, fields in pairs(sides) do
  for _, field in pairs(fields) do all[#all + 1] = field end
end
sixbed4.fields = all

local mismatch = ProtoExpert.new(
  "6bed4.length_mismatch.expert", "The payload length of IPv6 is not that of the datagram",
  expert.group.MALFORMED, expert.severity.WARN
)
sixbed4.experts = { mismatch }

sixbed4.prefs.ports = Pref.range(
  "UDP ports", WELL_KNOWN_PORTS, "Ports of routers, and of peers that are not recognized", 65535
)
sixbed4.prefs.heuristic = Pref.bool(
  "Recognize peers at other ports", true, "Datagrams whose IPv6 packet names one of their endpoints"
)

-- The endpoints that were seen to speak 6bed4, since an empty datagram does not show it.
local known = {}

local function endpointText(address, port)
  return tostring(address) .. ":" .. port
end

local function remember(pinfo)
  known[endpointText(pinfo.src, pinfo.src_port)] = true
  known[endpointText(pinfo.dst, pinfo.dst_port)] = true
end

-- A keepalive may go to where nothing was sent before, but never comes from there.
local function isKnown(pinfo)
  return known[endpointText(pinfo.src, pinfo.src_port)] == true
end

function sixbed4.init()
  known = {}
end

local ipv6 = Dissector.get("ipv6")
local data = Dissector.get("data")
local outer_ttl = Field.new("ip.ttl")
local udp_length = Field.new("udp.length")

local function ipv4Text(a, b, c, d)
  return string.format("%d.%d.%d.%d", a, b, c, d)
end

-- Reads the lower half as drafts 02 to 04 do: bits 6 and 7 of the first byte stand behind the port.
local function readLanipLayout(tvb, at)
  local first, low = tvb(at + 8, 1):uint(), tvb(at + 14, 2):uint()
  if first % 4 ~= 0 then return nil end
  first = first + math.floor(low / 0x4000)
  return {
    layout = DRAFT03,
    peer = ipv4Text(first, tvb(at + 9, 1):uint(), tvb(at + 10, 1):uint(), tvb(at + 11, 1):uint()),
    port = tvb(at + 12, 2):uint(),
    lanip = low % 0x4000,
  }
end

-- Reads the lower half as draft 01 does: an EUI-64 of port and address, with one bit inverted.
local function readEui64(tvb, at)
  local first = tvb(at + 8, 1):uint()
  local flipped = math.floor(first / 2) % 2 == 0 and first + 2 or first - 2
  return {
    layout = DRAFT01,
    peer = ipv4Text(
      tvb(at + 10, 1):uint(), tvb(at + 13, 1):uint(), tvb(at + 14, 1):uint(), tvb(at + 15, 1):uint()
    ),
    port = flipped + 256 * tvb(at + 9, 1):uint(),
  }
end

-- Reads the lower half as draft 00 does.
local function readPlain(tvb, at)
  return {
    layout = DRAFT00,
    peer = tostring(tvb(at + 8, 4):ipv4()),
    port = tvb(at + 12, 2):uint(),
    lanip = tvb(at + 14, 2):uint(),
  }
end

local READERS = { readLanipLayout, readEui64, readPlain }

local function isPrefixed(tvb, at)
  local high = tvb(at, 4):uint()
  return math.floor(high / 0x10000) == 0xfc64 or high == 0x20010064
end

local function hasEndpoint(read, address, port)
  return read ~= nil and read.port == port and read.peer == address
end

-- Reads an address as whichever layout names the endpoint, or else as its prefix says; nil for neither.
local function readAddress(tvb, at, address, port)
  local lower = tvb(at + 8, 8)
  -- Multicast and link-local addresses name nobody; the latter may hold an EUI-64, whose host is on the link.
  local high = tvb(at, 1):uint()
  if high == 0xff or lower:uint64() == UInt64(0) then return nil, false end
  for _, reader in ipairs(READERS) do
    local read = reader(tvb, at)
    if hasEndpoint(read, address, port) then return read, true end
  end
  if isPrefixed(tvb, at) then return readLanipLayout(tvb, at), false end
  if tvb(at + 11, 2):uint() == 0xfffe and high ~= 0xfe then return readEui64(tvb, at), false end
  return nil, false
end

local function roleOf(isFromSource, isToDestination)
  if isFromSource then return isToDestination and DIRECT or TO_ROUTER end
  return isToDestination and FROM_ROUTER or BETWEEN_ROUTERS
end

local ICMPV6, ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, REDIRECT = 58, 133, 134, 137

-- The type of a Neighbor Discovery message (RFC 4861), which no router forwards, or nil.
local function discoveryType(tvb)
  if tvb:len() < HEADER + 8 or tvb(6, 1):uint() ~= ICMPV6 or tvb(7, 1):uint() ~= 255 then return nil end
  local kind = tvb(HEADER, 1):uint()
  return kind >= ROUTER_SOLICITATION and kind <= REDIRECT and kind or nil
end

-- Messages to and from link-local addresses name no endpoints; their type says who sends them.
local function roleByType(kind, role)
  if role == DIRECT or role == nil then return role end
  if kind == ROUTER_SOLICITATION then return TO_ROUTER end
  if kind == ROUTER_ADVERTISEMENT then return FROM_ROUTER end
  return role
end

local function addAddress(tree, tvb, at, fields, read)
  local item = tree:add(fields.address, tvb(at, 16))
  if read == nil then return end
  item:add(fields.layout, tvb(at + 8, 8), read.layout):set_generated()
  if read.layout == DRAFT03 and isPrefixed(tvb, at) then
    item:add(fields.router, tvb(at + 4, 4))
  end
  item:add(fields.peer, tvb(at + 8, 8), Address.ip(read.peer))
  item:add(fields.port, tvb(at + 8, 8), read.port)
  if read.lanip ~= nil then item:add(fields.lanip, tvb(at + 14, 2), read.lanip) end
  local router = isPrefixed(tvb, at) and tostring(tvb(at + 4, 4):ipv4())
  if read.layout == DRAFT03 and router == read.peer and read.port == 25790 then
    item:add(fields.invitation, tvb(at + 8, 8), true):set_generated()
  end
  item:append_text(string.format(" (peer %s:%d)", read.peer, read.port))
end

local function conversationOf(source, destination)
  if source < destination then return source .. " - " .. destination end
  return destination .. " - " .. source
end

local function isWellFormed(tvb)
  return tvb:len() >= HEADER and math.floor(tvb(0, 1):uint() / 16) == 6
end

local function dissectPacket(tvb, pinfo, tree)
  local source, isFromSource = readAddress(tvb, 8, tostring(pinfo.src), pinfo.src_port)
  local destination, isToDestination = readAddress(tvb, 24, tostring(pinfo.dst), pinfo.dst_port)
  local kind = discoveryType(tvb)
  local role = roleByType(kind, roleOf(isFromSource, isToDestination))
  remember(pinfo)
  local subtree = tree:add(sixbed4, tvb(0, HEADER), "6bed4 Tunnel, " .. ROLES[role])
  subtree:add(pf.role, tvb(0, 0), role):set_generated()
  subtree:add(pf.direct, tvb(0, 0), role == DIRECT):set_generated()
  local class = tvb(0, 2):bitfield(4, 8)
  subtree:add(pf.policy, tvb(0, 2), class)
  subtree:add(pf.seen, tvb(0, 2), class)
  addAddress(subtree, tvb, 8, sides.source, source)
  addAddress(subtree, tvb, 24, sides.destination, destination)
  local names = conversationOf(tostring(tvb(8, 16):ipv6()), tostring(tvb(24, 16):ipv6()))
  subtree:add(pf.conversation, tvb(8, 32), names):set_generated()
  if tvb(4, 2):uint() ~= tvb:reported_len() - HEADER then
    subtree:add(pf.malformed, tvb(4, 2), true):set_generated()
    subtree:add_proto_expert_info(mismatch)
  end
  pinfo.cols.protocol = "6bed4"
  -- What is wrong in the packet is shown by then, and is no fault of this dissector.
  pcall(ipv6.call, ipv6, tvb, pinfo, tree)
  if kind == nil then pinfo.cols.info:prepend(role == DIRECT and "direct: " or "relayed: ") end
end

function sixbed4.dissector(tvb, pinfo, tree)
  if isWellFormed(tvb) then
    dissectPacket(tvb, pinfo, tree)
    return tvb:len()
  end
  local subtree = tree:add(sixbed4, tvb())
  pinfo.cols.protocol = "6bed4"
  if tvb:len() > 0 and tvb(0, 1):uint() >= 0xe0 then
    subtree:add(pf.rohc, tvb(0, 1), true):set_generated()
    pinfo.cols.info = "compressed headers (RoHC)"
  end
  data:call(tvb, pinfo, tree)
  return tvb:len()
end

-- A datagram at any port is 6bed4 when the packet in it is whole and names one of its two endpoints.
local function recognize(tvb, pinfo, tree)
  if not sixbed4.prefs.heuristic or not isWellFormed(tvb) then return false end
  if tvb(4, 2):uint() ~= tvb:reported_len() - HEADER then return false end
  local _, isFromSource = readAddress(tvb, 8, tostring(pinfo.src), pinfo.src_port)
  local _, isToDestination = readAddress(tvb, 24, tostring(pinfo.dst), pinfo.dst_port)
  if not isFromSource and not isToDestination and discoveryType(tvb) == nil then return false end
  sixbed4.dissector(tvb, pinfo, tree)
  return true
end
sixbed4:register_heuristic("udp", recognize)

-- Datagrams without data reach no dissector of UDP.
local empty = Proto("6bed4-empty", "6bed4 Tunnel, empty datagram")
empty.fields = { keepaliveField, probeField }

function empty.dissector(_, pinfo, tree)
  local length, ttl = udp_length(), outer_ttl()
  if length == nil or length.value ~= 8 or ttl == nil or not isKnown(pinfo) then return end
  local isLocal = ttl.value <= LONGEST_KEEPALIVE
  local subtree = tree:add(empty)
  subtree:add(isLocal and keepaliveField or probeField, true):set_generated()
  pinfo.cols.protocol = "6bed4"
  pinfo.cols.info = string.format("%s, TTL %d", isLocal and "keepalive" or "probe", ttl.value)
end
register_postdissector(empty)

local udp = DissectorTable.get("udp.port")
local registered = nil

local function registerPorts()
  if registered ~= nil then udp:remove(registered, sixbed4) end
  registered = sixbed4.prefs.ports
  udp:add(registered, sixbed4)
end
sixbed4.prefs_changed = registerPorts
registerPorts()
