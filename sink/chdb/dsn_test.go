package chdb

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// clickhouse-go must read back what DSN wrote, whatever is in the password.
func TestDSN(t *testing.T) {
	s := &Server{
		cfg:     Config{Users: []engine.User{{Name: "default", Password: "a:b@c/d?e#f%20 g+密"}, {Name: "读者"}}},
		sockets: &sockets{nativeAddr: "[::1]:9000", httpAddr: "[::1]:8123"},
	}
	for _, tt := range []struct{ user, password string }{
		{"default", "a:b@c/d?e#f%20 g+密"},
		{"读者", ""},
		{"unknown", ""},
	} {
		options, err := clickhouse.ParseDSN(s.DSN(tt.user))
		if err != nil {
			t.Fatal(err)
		}
		if got := options.Auth; got.Username != tt.user || got.Password != tt.password || got.Database != Database {
			t.Errorf("%s: parsed as %+v", tt.user, got)
		}
		if len(options.Addr) != 1 || options.Addr[0] != "[::1]:9000" || options.Protocol != clickhouse.Native {
			t.Errorf("%s: address %q over %s", tt.user, options.Addr, options.Protocol)
		}
		if options.Compression == nil || options.Compression.Method != clickhouse.CompressionNone {
			t.Errorf("%s: compression is %+v, want none", tt.user, options.Compression)
		}
	}
	if got, want := s.HTTPURL(), "http://[::1]:8123"; got != want {
		t.Errorf("HTTP is at %s, want %s", got, want)
	}
}
