package engine_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// However many users who only read ask, few of their statements run at once; whoever writes does not wait for them.
func TestReadersTakeTurns(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var readers errgroup.Group
	for range 8 {
		s := openIn(t, analyst, "")
		readers.Go(func() error {
			err := s.Exec(ctx, "SELECT count() FROM numbers(900000000) WHERE sipHash64(toString(number)) = 0 SETTINGS log_comment = 'greedy'")
			if err == nil {
				return errors.New("ended by itself")
			}
			return nil
		})
	}
	observer := openIn(t, engine.User{}, "")
	running := func() string {
		return one(t, observer, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'greedy' AND query NOT LIKE '%system.processes%'")
	}
	deadline := time.Now().Add(20 * time.Second)
	for running() == "0" {
		if time.Now().After(deadline) {
			t.Fatal("no statement of a reader runs")
		}
	}
	most := strconv.Itoa(limits.ReaderStatements(runtime.NumCPU()))
	for range 50 {
		if got := running(); len(got) > len(most) || got > most {
			t.Errorf("%s statements of readers run at once, want at most %s", got, most)
		}
	}
	began := time.Now()
	exec1(t, openIn(t, writer, ""), "SELECT 1")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a writer waited %s", took)
	}
	stop()
	if err := readers.Wait(); err != nil {
		t.Error(err)
	}
}
