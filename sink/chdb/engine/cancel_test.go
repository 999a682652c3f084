package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// endless names a text no other test runs, so that it can be found in the process list.
func endless(mark string) string {
	return fmt.Sprintf("SELECT sum(sipHash64(number)) AS %s FROM system.numbers", mark)
}

// running counts the statements with that mark the engine runs.
func running(t testing.TB, observer *engine.Session, mark string) string {
	t.Helper()
	return one(t, observer, "SELECT count() FROM system.processes WHERE query LIKE '%"+mark+"%' AND query NOT LIKE '%system.processes%'")
}

// waitRunning returns when the engine runs a statement with that mark.
func waitRunning(t testing.TB, observer *engine.Session, mark string) {
	t.Helper()
	for t.Context().Err() == nil && running(t, observer, mark) == "0" {
	}
}

// A failed statement must not hold its tables: DROP … SYNC would wait for the session's next statement.
func TestFailedStatementsHoldNothing(t *testing.T) {
	s, observer := open(t, engine.User{}), openIn(t, engine.User{}, "")
	exec1(t, s, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO t SELECT number FROM numbers(1000)")
	database := one(t, s, "SELECT currentDatabase()")
	for _, fail := range []func() error{
		func() error { return s.Exec(t.Context(), "SELECT throwIf(a = 500) AS held FROM t") },
		func() error { return s.Exec(t.Context(), "INSERT INTO t SELECT throwIf(a = 500) AS held FROM t") },
		func() error {
			_, err := s.Stream(t.Context(), "SELECT throwIf(a = 500) AS held FROM t", "Native")
			return err
		},
		func() error {
			_, err := s.Insert(t.Context(), "INSERT INTO t /* held */", "TSV", strings.NewReader("x\n"))
			return err
		},
		func() error {
			_, err := s.Insert(t.Context(), "INSERT INTO t /* held */", "TSV", breaking{strings.NewReader("1\n"), io.ErrUnexpectedEOF})
			return err
		},
	} {
		if fail() == nil {
			t.Fatal("no error")
		}
		if got := running(t, observer, "held"); got != "0" {
			t.Errorf("%s statements are still in the process list", got)
		}
	}
	exec1(t, observer, "DROP TABLE "+database+".t SYNC")
}

func TestCancelFreesTheEngine(t *testing.T) {
	observer, s := openIn(t, engine.User{}, ""), open(t, engine.User{ReadOnly: true})
	slow := open(t, engine.User{})
	exec1(t, slow, "CREATE TABLE t (a UInt64) ENGINE = Null",
		"CREATE MATERIALIZED VIEW v ENGINE = Memory AS SELECT sum(a + sleepEachRow(0.5)) FROM t")
	for name, run := range map[string]func(ctx context.Context, mark string) error{
		"Query": func(ctx context.Context, mark string) error {
			_, err := s.Query(ctx, endless(mark), "TSV")
			return err
		},
		"Query_with_its_own_log_comment": func(ctx context.Context, mark string) error {
			_, err := s.Query(ctx, endless(mark)+" SETTINGS log_comment = 'dashboard'", "TSV")
			return err
		},
		"Stream_before_the_first_chunk": func(ctx context.Context, mark string) error {
			_, err := s.Stream(ctx, endless(mark), "JSON")
			return err
		},
		"Insert_into_a_slow_view": func(ctx context.Context, mark string) error {
			_, err := slow.Insert(ctx, "INSERT INTO t /* "+mark+" */", "TSV", strings.NewReader(strings.Repeat("1\n", 5)))
			return err
		},
		"Stream_of_Native": func(ctx context.Context, mark string) error { return readOn(ctx, s, mark, "Native") },
		"Stream_of_CSV":    func(ctx context.Context, mark string) error { return readOn(ctx, s, mark, "CSV") },
	} {
		t.Run(name, func(t *testing.T) {
			mark := "cancelled_" + name
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- run(ctx, mark) }()
			waitRunning(t, observer, mark)
			cancel()
			err := <-ended
			wantCode(t, err, proto.ErrQueryWasCancelled)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v does not wrap context.Canceled", err)
			}
			if got := running(t, observer, mark); got != "0" {
				t.Errorf("%s of them still run", got)
			}
			if got := one(t, s, "SELECT 1"); got != "1" {
				t.Errorf("the session afterwards: %q", got)
			}
		})
	}
}

// readOn reads a stream without end.
func readOn(ctx context.Context, s *engine.Session, mark, format string) error {
	st, err := s.Stream(ctx, "SELECT number AS "+mark+" FROM system.numbers", format)
	if err != nil {
		return err
	}
	defer st.Close()
	for {
		if _, err := st.Next(); err != nil {
			return err
		}
	}
}

func TestDeadlineEndsAQuery(t *testing.T) {
	s := open(t, engine.User{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Query(ctx, endless("deadline"), "TSV")
	wantCode(t, err, proto.ErrQueryWasCancelled)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not wrap context.DeadlineExceeded", err)
	}
}

// A statement that never ends on one session leaves the others free, and cancelling it leaves them alone.
func TestSessionsRunInParallel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow := open(t, engine.User{})
	ended := make(chan error, 1)
	go func() { ended <- slow.Exec(ctx, endless("parallel")) }()
	waitRunning(t, openIn(t, engine.User{}, ""), "parallel")
	var others sync.WaitGroup
	for range 4 {
		s := openIn(t, engine.User{}, "")
		others.Go(func() {
			for i := range 20 {
				if got := one(t, s, fmt.Sprintf("SELECT sum(number) FROM numbers(%d)", 1000+i)); got == "" {
					t.Error("no answer")
				}
			}
		})
	}
	others.Wait()
	cancel()
	wantCode(t, <-ended, proto.ErrQueryWasCancelled)
}

func TestClosingAnUnreadStreamStopsItsQuery(t *testing.T) {
	s, observer := open(t, engine.User{}), openIn(t, engine.User{}, "")
	for _, format := range []string{"Native", "TSV"} {
		st, err := s.Stream(t.Context(), "SELECT number AS unread FROM system.numbers", format)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Next(); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		if got := running(t, observer, "AS unread"); got != "0" {
			t.Errorf("%s: %s of them still run", format, got)
		}
	}
}
