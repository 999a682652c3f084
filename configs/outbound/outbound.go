package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// metadata are addresses under which clouds tell machines their secrets, besides those of the
// link.
var metadata = []netip.Addr{
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("fd00:ec2::254"),
}

// IsLocal reports whether an address is this machine's, or one that only it reaches.
func IsLocal(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast() || slices.Contains(metadata, a)
}

// Client returns an HTTP client without proxy that gives up after a timeout, answer included.
// It follows at most so many redirects, none to another origin; with none, an answer that leads
// elsewhere is the answer. Unless local addresses are allowed it connects to none, by the address
// that a name has at the moment of connecting.
func Client(timeout time.Duration, redirects int, allowLocal bool) *http.Client {
	dialer := &net.Dialer{Timeout: timeout}
	if !allowLocal {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if IsLocal(at.Addr()) {
				return fmt.Errorf("%s is an address of this machine, or one that tells its secrets; allow_local lets it be there", at.Addr())
			}
			return nil
		}
	}
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if redirects == 0 {
				return http.ErrUseLastResponse
			}
			switch first := via[0].URL; {
			case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
				return fmt.Errorf("it leads to another origin, %s://%s, which is not followed", r.URL.Scheme, r.URL.Host)
			case len(via) > redirects:
				return fmt.Errorf("it leads on more than %d times", redirects)
			}
			return nil
		},
	}
}

// WithoutAddress returns the error of a request without the address, which may hold a token.
func WithoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// CheckURL returns what is wrong with an address of HTTP, which it does not quote.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("want http:// or https://; got another, which is not shown because it may hold a password")
	}
	if u.User != nil {
		return errors.New("want no user and password in it")
	}
	return nil
}
