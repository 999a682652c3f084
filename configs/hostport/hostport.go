// Package hostport checks the addresses on which the servers of this program listen.
package hostport

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
)

// Split returns the host and the port of an address such as 127.0.0.1:8470; port 0 stands
// for any free one. The error says what an address looks like, by the example.
func Split(address, example string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("want host:port such as %s, got %q", example, address)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("want a port from 0 to 65535, got %q", text)
	}
	return host, int(number), nil
}

// hostName is a name of the DNS, or of a container network, which has underscores.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$`)

// IsHost reports whether a text is a host's name or IP address, without port.
func IsHost(text string) bool { return hostName.MatchString(text) || net.ParseIP(text) != nil }

// IsLoopback reports whether a host, by name or address, is reached from this machine only.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
