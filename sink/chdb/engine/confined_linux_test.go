package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/confine"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
)

// confinedArgument makes this test binary a process with an engine of its own,
// which has every grant and refuses no statement: the wall alone is left.
const confinedArgument = "confined-engine"

// order is the first line that the process reads. Every further line is a query.
type order struct {
	Mode               confine.Mode
	Library, Dir, Conf string
}

func (o order) config() engine.Config {
	return engine.Config{Library: o.Library, Dir: o.Dir, ConfigDir: o.Conf, Users: users, Databases: []string{"default"}, Logger: zerolog.Nop(), MaxMemory: 2 << 30}
}

// reply is what came of one query; Code is ClickHouse's, 0 for another error.
type reply struct {
	Data, Error string
	Code        int
}

// beUncheckedEngine is the process.
func beUncheckedEngine(in, out *os.File) error {
	text, state, err := confine.Enter(func() (confine.Plan, error) {
		var line []byte
		for next := make([]byte, 1); next[0] != '\n'; line = append(line, next[0]) {
			if _, err := in.Read(next); err != nil {
				return confine.Plan{}, err
			}
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			return confine.Plan{}, err
		}
		if err := errors.Join(o.config().Prepare(), o.config().GrantEverything()); err != nil {
			return confine.Plan{}, err
		}
		return confine.Plan{Mode: o.Mode, Files: o.config().Files(), Message: line, Descriptors: 3}, nil
	})
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	e, err := engine.Open(o.config())
	if err != nil {
		return err
	}
	if err := state.Check(); err != nil {
		return err
	}
	queries, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var query string
		if err := queries.Decode(&query); errors.Is(err, io.EOF) {
			return e.Close()
		} else if err != nil {
			return err
		}
		if err := replies.Encode(answerUnchecked(e, query)); err != nil {
			return err
		}
	}
}

func answerUnchecked(e *engine.Engine, query string) reply {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := e.Session(ctx, engine.User{}, "")
	if err != nil {
		return reply{Error: err.Error()}
	}
	defer s.Close()
	result, err := s.RunUnchecked(ctx, query, "TSVRaw")
	if err != nil {
		r := reply{Error: err.Error()}
		if e, ok := errors.AsType[*exception.Error](err); ok {
			r.Code = int(e.Code)
		}
		return r
	}
	return reply{Data: string(result.Data)}
}

// uncheckedEngine is such a process, and a directory around its own in which there
// is a secret.
type uncheckedEngine struct {
	t       *testing.T
	dir     string
	queries *json.Encoder
	replies *json.Decoder
}

const secretText = "nobody's business"

func startUnchecked(t *testing.T, mode confine.Mode) *uncheckedEngine {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"outside/secret", "outside/lines.tsv", "tokens.yaml"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(secretText+"\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	stray, err := os.Open(filepath.Join(dir, "outside", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer stray.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^$", confinedArgument)
	cmd.Stderr, cmd.ExtraFiles = os.Stderr, slices.Repeat([]*os.File{stray}, 100)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("the engine's process: %v", err)
		}
	})
	u := &uncheckedEngine{t: t, dir: dir, queries: json.NewEncoder(in), replies: json.NewDecoder(bufio.NewReader(out))}
	if err := u.queries.Encode(order{Mode: mode, Library: shared.library, Dir: filepath.Join(dir, "engine"), Conf: filepath.Join(dir, "config")}); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u *uncheckedEngine) ask(query string) reply {
	u.t.Helper()
	var r reply
	if err := u.queries.Encode(query); err != nil {
		u.t.Fatal(err)
	}
	if err := u.replies.Decode(&r); err != nil {
		u.t.Fatalf("%s: the engine's process ended: %v", query, err)
	}
	return r
}

// attack is a try to leave the engine, whose last query must fail. Where carriedOut
// is set, an engine without a wall succeeds.
type attack struct {
	kind, name string
	queries    []string
	carriedOut bool
}

// attacks uses DIR for the directory around the engine's and PORT for a port that
// somebody listens on.
var attacks = []attack{
	{"read", "table function file", []string{"SELECT * FROM file('DIR/outside/secret', 'LineAsString')"}, true},
	{"read", "function file", []string{"SELECT file('DIR/outside/secret')"}, true},
	{"read", "table named as a file", []string{"SELECT * FROM `DIR/outside/lines.tsv`"}, true},
	{"read", "through the root of this process", []string{"SELECT * FROM file('/proc/self/root" + "/DIR/outside/secret', 'LineAsString')"}, true},
	{"read", "beside the engine", []string{"SELECT * FROM file('DIR/tokens.yaml', 'LineAsString')"}, true},
	{"read", "passwd", []string{"SELECT * FROM file('/etc/passwd', 'LineAsString')"}, true},
	{"read", "environment of another process", []string{"SELECT * FROM file('/proc/1/environ', 'LineAsString')"}, false},
	{"read", "all files of a directory", []string{"SELECT throwIf(count() = 0) FROM file('DIR/outside/*', 'LineAsString')"}, true},
	{"read", "engine File", []string{"CREATE TABLE default.f1 (a String) ENGINE = File(LineAsString, 'DIR/outside/secret')", "SELECT * FROM default.f1"}, true},
	{"read", "eval", []string{"SELECT * FROM eval('select fi'||'le('||char(39)||'DIR/outside/secret'||char(39)||') as t') SETTINGS allow_experimental_eval_table_function = 1"}, true},
	{"read", "dictionary", []string{
		"CREATE DICTIONARY default.d1 (a String, b String) PRIMARY KEY a SOURCE(FILE(path 'DIR/outside/lines.tsv' format 'TSV')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
		"SELECT * FROM default.d1"}, false},
	{"read", "inherited descriptor", []string{"SELECT * FROM file(102, 'LineAsString')"}, false},
	{"read", "infile", []string{"CREATE TABLE default.i1 (a String) ENGINE = Memory", "INSERT INTO default.i1 FROM INFILE 'DIR/outside/secret' FORMAT LineAsString"}, true},
	{"write", "table function file", []string{"INSERT INTO FUNCTION file('DIR/outside/new', 'TSV', 'a Int8') SELECT 1"}, true},
	{"write", "engine File", []string{"CREATE TABLE default.f2 (a Int8) ENGINE = File(TSV, 'DIR/outside/new')", "INSERT INTO default.f2 SELECT 1"}, true},
	{"write", "over a file", []string{"INSERT INTO FUNCTION file('DIR/tokens.yaml', 'TSV', 'a Int8') SELECT 1 SETTINGS engine_file_truncate_on_insert = 1"}, true},
	{"write", "own grants", []string{"INSERT INTO FUNCTION file('DIR/config/users.d/x.xml', 'RawBLOB', 'a String') SELECT '<clickhouse/>'"}, true},
	{"write", "outfile", []string{"SELECT 1 INTO OUTFILE 'DIR/outside/new'"}, false},
	{"write", "RocksDB", []string{"CREATE TABLE default.r1 (a UInt64, b String) ENGINE = EmbeddedRocksDB(0, 'DIR/outside/rocks') PRIMARY KEY a", "INSERT INTO default.r1 VALUES (1, 'x')"}, true},
	{"write", "SQLite", []string{"SELECT * FROM sqlite('DIR/outside/new.db', 't')"}, false},
	{"write", "disk", []string{"CREATE TABLE default.k1 (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = 'DIR/outside/disk/')"}, false},
	{"write", "backup", []string{"BACKUP DATABASE default TO File('DIR/outside/backup')"}, false},
	{"connect", "url", []string{"SELECT * FROM url('http://127.0.0.1:PORT/', 'LineAsString', 'a String') SETTINGS http_max_tries = 1"}, false},
	{"connect", "write to url", []string{"INSERT INTO FUNCTION url('http://127.0.0.1:PORT/', 'TSV', 'a Int8') SELECT 1 SETTINGS http_max_tries = 1"}, false},
	{"connect", "remote", []string{"SELECT * FROM remote('127.0.0.1:PORT', system.one)"}, false},
	{"connect", "MySQL", []string{"SELECT * FROM mysql('127.0.0.1:PORT', 'a', 'b', 'c', 'd')"}, false},
	{"connect", "PostgreSQL", []string{"SELECT * FROM postgresql('127.0.0.1:PORT', 'a', 'b', 'c', 'd')"}, false},
	{"connect", "Redis", []string{"SELECT * FROM redis('127.0.0.1:PORT', 'a', 'a String, b String')"}, false},
	{"connect", "MongoDB", []string{"SELECT * FROM mongodb('127.0.0.1:PORT', 'a', 'b', 'c', 'd', 'a String')"}, false},
	{"connect", "dictionary", []string{
		"CREATE DICTIONARY default.d2 (a UInt64, b String) PRIMARY KEY a SOURCE(HTTP(url 'http://127.0.0.1:PORT/' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0) SETTINGS(http_max_tries = 1)",
		"SELECT * FROM default.d2"}, false},
	{"execute", "dictionary", []string{
		"CREATE DICTIONARY default.d3 (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'touch DIR/outside/new' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"SELECT * FROM default.d3"}, true},
	{"execute", "script in the data directory", []string{
		"INSERT INTO FUNCTION file('DIR/engine/user_scripts/x.sh', 'RawBLOB', 'a String') SELECT '#!/bin/sh\necho 1\n'",
		"SELECT * FROM executable('x.sh', TSV, 'a String')"}, false},
	{"execute", "rows run as queries", []string{
		"CREATE TABLE default.q1 (query String, database String, settings Map(String, String)) ENGINE = QueryRunner",
		"INSERT INTO default.q1 (query) SELECT 'CREATE DICTIONARY default.d4 (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command ''touch DIR/outside/new'' format ''TSV'')) LAYOUT(FLAT()) LIFETIME(0)'",
		"SELECT * FROM default.d4"}, false},
}

// Without grants and refusals the wall alone is left, and each kind of attack ends
// at it with an ordinary error of ClickHouse: the engine serves on.
func TestWallAlone(t *testing.T) {
	u := startUnchecked(t, confine.Require)
	if r := u.ask("SELECT 1"); r.Data != "1\n" {
		t.Fatalf("%+v; where the kernel cannot confine a process, nothing here is proven", r)
	}
	port, connections := listen(t)
	before := u.outside()
	for _, a := range attacks {
		r, all := u.attempt(a, port)
		if r.Code == 0 {
			t.Errorf("%s, %s: no error of ClickHouse: %+v", a.kind, a.name, r)
		}
		if strings.Contains(all, secretText) || strings.Contains(all, "root:") {
			t.Errorf("%s, %s: answers %.200q", a.kind, a.name, all)
		}
		if after := u.outside(); !slices.Equal(before, after) {
			t.Fatalf("%s, %s: outside of the engine's directory are\n%q, were\n%q", a.kind, a.name, after, before)
		}
		if r := u.ask("SELECT 1"); r.Data != "1\n" {
			t.Fatalf("after %s, %s: %+v", a.kind, a.name, r)
		}
	}
	if n := connections(); n != 0 {
		t.Errorf("%d connections left the engine", n)
	}
	// What the kernel refuses to a query that sends a signal to every thread.
	if r := u.ask("SELECT count() FROM system.stack_trace WHERE NOT ignore(trace)"); r.Code == 0 && r.Error != "" {
		t.Errorf("system.stack_trace: %+v", r)
	}
}

// The attacks are real: without the wall an engine carries them out.
func TestAttacksWithoutAWall(t *testing.T) {
	u := startUnchecked(t, confine.Off)
	port, connections := listen(t)
	for _, a := range attacks {
		if r, _ := u.attempt(a, port); a.carriedOut && r.Error != "" {
			t.Errorf("%s, %s: %s", a.kind, a.name, r.Error)
		}
	}
	if connections() == 0 {
		t.Error("nothing connected to the port of the attacks")
	}
}

// attempt makes an attack and returns the last reply, and what all of them said.
func (u *uncheckedEngine) attempt(a attack, port string) (last reply, all string) {
	u.t.Helper()
	for _, query := range a.queries {
		last = u.ask(strings.NewReplacer("DIR", u.dir, "PORT", port).Replace(query))
		all += last.Data
	}
	return last, all
}

// listen returns a port that hangs up on everybody, and counts who came until then.
func listen(t *testing.T) (port string, connections func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan int, 1)
	go func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				accepted <- n
				return
			}
			_ = conn.Close()
		}
	}()
	end := sync.OnceValue(func() int {
		_ = listener.Close() // ends Accept
		return <-accepted
	})
	t.Cleanup(func() { end() })
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, end
}

// outside lists what is beside the engine's directory, with contents.
func (u *uncheckedEngine) outside() []string {
	u.t.Helper()
	var found []string
	for _, dir := range []string{"outside", "config", "."} {
		entries, err := os.ReadDir(filepath.Join(u.dir, dir))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			u.t.Fatal(err)
		}
		for _, entry := range entries {
			text, _ := os.ReadFile(filepath.Join(u.dir, dir, entry.Name())) // a directory has none
			found = append(found, fmt.Sprintf("%s/%s %d", dir, entry.Name(), len(text)))
		}
	}
	slices.Sort(found)
	return found
}
