package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"syscall"
	"time"
)

// file is what was fetched.
type file struct {
	name    string
	content []byte
}

// errUnchanged says that the source is as it was.
var errUnchanged = errors.New("unchanged")

// maxRedirects is how often a source may lead elsewhere within its origin.
const maxRedirects = 5

// metadata are addresses under which clouds tell machines their secrets, besides those of the
// link.
var metadata = []netip.Addr{
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("fd00:ec2::254"),
}

// isLocal reports whether an address is this machine's, or one that only it reaches.
func isLocal(a netip.Addr) bool {
	a = a.Unmap()
	if a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return true
	}
	for _, m := range metadata {
		if a == m {
			return true
		}
	}
	return false
}

// client returns a client for a source. It goes to no other origin, and, looking at the address
// that a name has at the moment of connecting, to none of this machine.
func (s *Source) client(timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout}
	if !s.AllowLocal {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if isLocal(at.Addr()) {
				return fmt.Errorf("%s is an address of this machine, or one that tells its secrets; allow_local lets this source be there", at.Addr())
			}
			return nil
		}
	}
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch first := via[0].URL; {
			case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
				return fmt.Errorf("it leads to another origin, %s://%s, which is not followed", r.URL.Scheme, r.URL.Host)
			case len(via) > maxRedirects:
				return fmt.Errorf("it leads on more than %d times", maxRedirects)
			}
			return nil
		},
	}
}

// fetch asks the address of a source for its file. It returns errUnchanged where that is as it was
// at the last answer, and the marks of this answer.
func (s *Source) fetch(ctx context.Context, headers http.Header, timeout time.Duration, most int64, last *Record) (f file, etag, modified string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return file{}, "", "", err
	}
	request.Header = headers
	request.Header.Set("User-Agent", "citytally")
	if last.ETag != "" {
		request.Header.Set("If-None-Match", last.ETag)
	}
	if last.LastModified != "" {
		request.Header.Set("If-Modified-Since", last.LastModified)
	}
	response, err := s.client(timeout).Do(request)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which may hold a token
		}
		return file{}, "", "", fmt.Errorf("fetch: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return file{}, "", "", errUnchanged
	default:
		return file{}, "", "", fmt.Errorf("fetch: the source answers %s", response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return file{}, "", "", fmt.Errorf("fetch: %w", err)
	}
	return file{nameOf(response), content}, response.Header.Get("ETag"), response.Header.Get("Last-Modified"), nil
}

// nameOf returns what a source calls its file.
func nameOf(response *http.Response) string {
	if _, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Disposition")); err == nil && parameters["filename"] != "" {
		return path.Base(parameters["filename"])
	}
	if name := path.Base(response.Request.URL.Path); name != "/" && name != "." {
		return name
	}
	return "figures"
}
