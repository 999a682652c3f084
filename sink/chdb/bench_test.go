package chdb_test

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
	"github.com/citytally/citytally/sink/chdb/confine"
)

// BenchmarkStart is the time until a server on an empty directory serves.
func BenchmarkStart(b *testing.B) {
	for _, mode := range []confine.Mode{confine.Off, confine.Require} {
		b.Run(string(mode), func(b *testing.B) {
			for b.Loop() {
				server, err := chdb.Start(b.Context(), chdbtest.Config(b, func(c *chdb.Config) { c.Confine, c.Dir, c.Logger = mode, b.TempDir(), zerolog.Nop() }))
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := server.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
