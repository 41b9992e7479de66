package org.alphaquant.egress;

import java.net.Inet6Address;
import java.net.InetAddress;

/** Distinguishes public Internet addresses from those of this machine and private networks. */
public final class PublicAddress {
  private PublicAddress() {}

  /** Whether the address is public. */
  public static boolean is(InetAddress address) {
    return !(address.isLoopbackAddress()
        || address.isAnyLocalAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isMulticastAddress()
        || isReserved(address.getAddress(), address instanceof Inet6Address));
  }

  // Ranges that java.net has no method for: fc00::/7, 64:ff9b::/16 and 2002::/16, which carry an
  // IPv4
  // address; 0.0.0.0/8, 100.64.0.0/10, 192.0.0.0/24, 198.18.0.0/15, 240.0.0.0/4.
  private static boolean isReserved(byte[] bytes, boolean ipv6) {
    int first = bytes[0] & 0xff;
    int second = bytes[1] & 0xff;
    return ipv6
        ? (first & 0xfe) == 0xfc || first == 0 && second == 0x64 || first == 0x20 && second == 2
        : first == 0
            || first == 100 && (second & 0xc0) == 64
            || first == 192 && second == 0 && bytes[2] == 0
            || first == 198 && (second & 0xfe) == 18
            || first >= 240;
  }
}
