package httpguard

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/citytally/citytally/configs/hostport"
)

// Guard checks the requests to one server. It is safe for concurrent use.
type Guard struct {
	hosts      map[string]bool
	protection *http.CrossOriginProtection
}

// New returns the guard of a server that listens on address, a host and port. It is called by
// loopback names and addresses, the address's host, the IP address that a connection arrived at,
// and hosts, which are names or IP addresses without port.
func New(address string, hosts []string) *Guard {
	g := &Guard{hosts: map[string]bool{}, protection: http.NewCrossOriginProtection()}
	if host, _, err := net.SplitHostPort(address); err == nil && host != "" {
		g.hosts[canonical(host)] = true
	}
	for _, host := range hosts {
		g.hosts[canonical(host)] = true
	}
	return g
}

// Refusal is why a request is not answered.
type Refusal struct {
	// Host is the name that the request calls the server by, where that is not one of the
	// server's own; else "".
	Host string
	// Origin is the site of the page that sent the request, "" where the browser does not say.
	Origin string
}

// Error says in English what was refused and what to do.
func (r *Refusal) Error() string {
	if r.Host != "" {
		return fmt.Sprintf("this server is not called %q; use its address, or add the name to the setting http_hosts", r.Host)
	}
	return fmt.Sprintf("a web page of another site%s may not use this server; use a program, or a page of the server itself", r.origin())
}

// Chinese says the same as Error.
func (r *Refusal) Chinese() string {
	if r.Host != "" {
		return fmt.Sprintf("本服务不使用主机名 %q；请使用其地址，或将该名称加入设置 http_hosts", r.Host)
	}
	return fmt.Sprintf("其他网站的页面%s不得使用本服务；请使用程序或本服务自己的页面", r.origin())
}

func (r *Refusal) origin() string {
	if r.Origin == "" {
		return ""
	}
	return fmt.Sprintf(" (%.100q)", r.Origin)
}

// Check returns a [*Refusal] for a request that is not to be answered, or nil.
func (g *Guard) Check(r *http.Request) error {
	if !g.calls(r) {
		return &Refusal{Host: fmt.Sprintf("%.100s", r.Host)}
	}
	// The library lets GET, HEAD and OPTIONS through, which here read figures and run queries:
	// every request is checked as a POST.
	post := &http.Request{Method: http.MethodPost, URL: r.URL, Host: r.Host, Header: r.Header}
	if g.protection.Check(post) != nil {
		return &Refusal{Origin: r.Header.Get("Origin")}
	}
	return nil
}

// calls reports whether the request calls the server by one of its own names.
func (g *Guard) calls(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = canonical(host)
	if hostport.IsLoopback(host) || g.hosts[host] {
		return true
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	ip := net.ParseIP(host)
	return local != nil && ip != nil && ip.Equal(local.IP)
}

// canonical writes a host as the guard compares it.
func canonical(host string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
}
