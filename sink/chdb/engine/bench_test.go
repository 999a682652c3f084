package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"testing"

	"github.com/prometheus/procfs"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// residentBytes is the process's resident memory, engine included; 0 where /proc is missing.
func residentBytes() int64 {
	self, err := procfs.Self()
	if err != nil {
		return 0
	}
	status, _ := self.NewStatus()
	return int64(status.VmRSS)
}

// reportGrowth reports how much the process grew since before, in MiB.
func reportGrowth(b *testing.B, before int64) {
	runtime.GC()
	b.ReportMetric(float64(residentBytes()-before)/(1<<20), "MiB-growth")
}

func BenchmarkSession(b *testing.B) {
	for b.Loop() {
		s, err := shared.engine.Session(b.Context(), engine.User{}, "")
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelectOne(b *testing.B) {
	s := openIn(b, engine.User{}, "")
	for b.Loop() {
		exec1(b, s, "SELECT 1")
	}
}

func BenchmarkParallelSessions(b *testing.B) {
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		s, err := shared.engine.Session(b.Context(), engine.User{}, "")
		if err != nil {
			b.Error(err)
			return
		}
		defer s.Close()
		for pb.Next() {
			if err := s.Exec(b.Context(), "SELECT sum(number) FROM numbers(100000)"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// The growth stays the same for 2 million rows and for 40 million.
func BenchmarkStream(b *testing.B) {
	for _, format := range []string{"Native", "JSONCompactEachRow"} {
		for _, rows := range []int{2_000_000, 40_000_000} {
			b.Run(fmt.Sprintf("%s/%d", format, rows), func(b *testing.B) {
				s := openIn(b, engine.User{}, "")
				before := residentBytes()
				for b.Loop() {
					st, err := s.Stream(b.Context(), fmt.Sprintf("SELECT number, toString(number) FROM numbers(%d)", rows), format)
					if err != nil {
						b.Fatal(err)
					}
					for err == nil {
						_, err = st.Next()
					}
					if err != io.EOF {
						b.Fatal(err)
					}
					if err := st.Close(); err != nil {
						b.Fatal(err)
					}
				}
				reportGrowth(b, before)
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// repeating gives block again and again, n times.
type repeating struct {
	block []byte
	n     int
	rest  bytes.Reader
}

func (r *repeating) Read(p []byte) (int, error) {
	if r.rest.Len() == 0 {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n--
		r.rest.Reset(r.block)
	}
	return r.rest.Read(p)
}

// The growth stays the same for 2 million rows and for 40 million.
func BenchmarkInsert(b *testing.B) {
	const blockRows = 100_000
	block := rowBinary(blockRows)
	for _, rows := range []int{2_000_000, 40_000_000} {
		b.Run(strconv.Itoa(rows), func(b *testing.B) {
			s := open(b, engine.User{})
			exec1(b, s, "CREATE TABLE t (a UInt64, s String) ENGINE = Null")
			before := residentBytes()
			for b.Loop() {
				if n, err := s.Insert(b.Context(), "INSERT INTO t", "RowBinary", &repeating{block: block, n: rows / blockRows}); err != nil || n != uint64(rows) {
					b.Fatal(n, err)
				}
			}
			reportGrowth(b, before)
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkInsertMergeTree(b *testing.B) {
	s := open(b, engine.User{})
	exec1(b, s, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
	block := rowBinary(1_000_000)
	for b.Loop() {
		if _, err := s.Insert(b.Context(), "INSERT INTO t", "RowBinary", bytes.NewReader(block)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1_000_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
