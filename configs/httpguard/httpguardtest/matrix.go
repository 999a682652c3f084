// Package httpguardtest asks a server what a web page in a browser would ask it.
//
// A server's address and its routes come in. The test fails for every route, method and form of
// credentials where a page of another site is answered, or where a program, or a page of the
// server itself, is refused.
package httpguardtest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Route is one address of a server, with the headers that its clients send.
type Route struct {
	Path   string
	Header http.Header
	Body   string
}

// sender is who sends a request: the headers that tell a browser's page from a program.
type sender struct {
	name    string
	host    string // "" is the server's own
	header  map[string]string
	refused bool
}

// senders returns every kind of sender. The server is at host, which has a port.
func senders(host string) []sender {
	_, port, _ := strings.Cut(host, ":")
	return []sender{
		{"program", "", nil, false},
		{"own page", "", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://" + host}, false},
		{"own page, older browser", "", map[string]string{"Origin": "http://" + host}, false},
		{"typed address", "", map[string]string{"Sec-Fetch-Site": "none"}, false},
		{"by name", "localhost:" + port, nil, false},
		{"by name, capitals", "LOCALHOST:" + port, nil, false},
		{"loopback of IPv6", "[::1]:" + port, nil, false},
		{"foreign page", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, true},
		{"foreign image", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		{"foreign form", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"}, true},
		{"foreign upload", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": "multipart/form-data; boundary=x"}, true},
		{"foreign text", "", map[string]string{"Origin": "https://evil.example", "Content-Type": "text/plain"}, true},
		{"page on another port", "", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, true},
		{"page without origin", "", map[string]string{"Origin": "null"}, true},
		{"page that asks first", "", map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, true},
		{"rebound name", "evil.example:" + port, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example:" + port}, true},
		{"rebound name, older browser", "evil.example", nil, true},
		{"name that begins like loopback", "127.0.0.1.evil.example:" + port, nil, true},
		{"name that ends like loopback", "evil.localhost.example:" + port, nil, true},
		{"address of another machine", "192.0.2.1:" + port, nil, true},
		{"address of nobody", "0.0.0.0:" + port, nil, true},
	}
}

// Run asks the server at base, which is http:// and a loopback address with its port, for
// every route, by every method, as every sender.
func Run(t *testing.T, base string, routes ...Route) {
	t.Helper()
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, from := range senders(strings.TrimPrefix(base, "http://")) {
		for _, route := range routes {
			for _, method := range methods {
				status, text := from.send(t, client, method, base, route)
				refused := status == http.StatusForbidden
				if method != http.MethodHead {
					refused = refused && (strings.Contains(text, "may not use this server") || strings.Contains(text, "this server is not called"))
				}
				if refused != from.refused {
					t.Errorf("%s: %s %s: want refused %t, got %d %.200s", from.name, method, route.Path, from.refused, status, text)
				}
			}
		}
	}
}

func (s sender) send(t *testing.T, client *http.Client, method, base string, route Route) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+route.Path, strings.NewReader(route.Body))
	if err != nil {
		t.Fatal(err)
	}
	for key, values := range route.Header {
		r.Header[key] = values
	}
	for key, value := range s.header {
		r.Header.Set(key, value)
	}
	r.Host = s.host
	answer, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s: %s %s: %v", s.name, method, route.Path, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err != nil {
		t.Fatalf("%s: %s %s: %v", s.name, method, route.Path, err)
	}
	return answer.StatusCode, string(body)
}
