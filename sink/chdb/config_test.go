package chdb_test

import (
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
)

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*chdb.Config)
		want []string // beginning of each line, in order
	}{
		{"good", func(*chdb.Config) {}, nil},
		{"several", func(c *chdb.Config) {
			*c = chdb.Config{HTTPPort: -1, NativePort: 70000, MaxMemory: -1}
		}, []string{"chdb.dir: want", "chdb.library: want", "chdb.host: want", "chdb.http_port: want 1 to 65535, or 0 for any free port, got -1",
			"chdb.native_port: want", "chdb.max_memory: want", "chdb.confine: want auto, require or off", "chdb.restart_to: want", "chdb.start_timeout: want", "chdb.stop_timeout: want", "chdb.users: want"}},
		{"same port", func(c *chdb.Config) { c.HTTPPort, c.NativePort = 8123, 8123 }, []string{"chdb.native_port: want another port"}},
		{"names", func(c *chdb.Config) { c.Users = append(c.Users, engine.User{}, c.Users[0]) },
			[]string{`chdb.users[1].name: want a name`, `chdb.users[2].name: want each name once, got "default" again`}},
		{"only readers", func(c *chdb.Config) { c.Users[0].ReadOnly = true }, []string{"chdb.users: want at least one user who may write"}},
		{"open without password", func(c *chdb.Config) { c.Host, c.Users[0].Password = "0.0.0.0", "" },
			[]string{`chdb.users[0].password: want one where others can connect (chdb.host is "0.0.0.0")`}},
		{"open with password", func(c *chdb.Config) { c.Host = "0.0.0.0" }, nil},
		{"loopback without password", func(c *chdb.Config) { c.Host, c.Users[0].Password = "::1", "" }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := chdb.Config{Dir: "d", Library: "l", Users: []engine.User{{Name: "default", Password: "hidden"}}}.Defaults()
			tt.edit(&cfg)
			var lines []string
			if err := cfg.Validate(); err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("got %q, want %q", lines, tt.want)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(lines[i], want) || strings.Contains(lines[i], "hidden") {
					t.Errorf("got %q, want %q…", lines[i], want)
				}
			}
		})
	}
}
