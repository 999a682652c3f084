// Package attempts counts failed logins by the address that they come from, and says how long an
// address has to wait.
//
// In goes an address; out comes a duration. What never happens: an address is remembered for its
// successes, or one that fails keeps another one waiting.
package attempts

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// failuresAtOnce is how many failures an address may have at once, failureInterval how often
	// one more.
	failuresAtOnce  = 20
	failureInterval = time.Second
	// maxAddresses bounds the addresses remembered. When there are more, all are forgotten.
	maxAddresses = 10_000
)

// Counter counts the failures of addresses.
type Counter struct {
	mu       sync.Mutex
	limiters map[netip.Prefix]*rate.Limiter
}

// New returns a counter without a failure.
func New() *Counter { return &Counter{limiters: map[netip.Prefix]*rate.Limiter{}} }

// Fail counts a failure of an address with its port. It returns how long the address has to wait,
// 0 when its failures are few.
func (a *Counter) Fail(address string, now time.Time) time.Duration {
	network := networkOf(address)
	a.mu.Lock()
	defer a.mu.Unlock()
	limiter := a.limiters[network]
	if limiter == nil {
		if len(a.limiters) >= maxAddresses {
			clear(a.limiters)
		}
		limiter = rate.NewLimiter(rate.Every(failureInterval), failuresAtOnce)
		a.limiters[network] = limiter
	}
	if limiter.AllowN(now, 1) {
		return 0
	}
	return failureInterval
}

// networkOf returns what counts as one address: of IPv6 the 64 bits that a subscriber has.
func networkOf(address string) netip.Prefix {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits)
	return prefix
}
