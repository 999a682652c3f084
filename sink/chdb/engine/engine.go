package engine

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// User is somebody who may open sessions.
type User struct {
	Name     string
	Password string
	// ReadOnly users may read what [Config.Readable] says within the bounds of package limits, and change settings that are
	// free; nothing else.
	ReadOnly bool
	// Reading keeps a session of a user who may write to reading, with all that the user may read.
	Reading bool `json:"-" yaml:"-"`
}

func (u User) onlyReads() bool { return u.ReadOnly || u.Reading }

// Engine is a running ClickHouse inside this process. There is at most one in a process at a time.
type Engine struct {
	lib   *library
	users []User
	dir   string
	log   zerolog.Logger
	args  []string // of chdb_connect

	version, timezone string

	killMu         sync.Mutex // guards killer
	killConnection uintptr    // the connection KILL QUERY runs on

	sessions sessionCount
	readers  *gate
	schema   atomic.Uint64 // see SchemaVersion
}

// SchemaVersion changes with every statement that may change what tables there are, their columns or who may use them.
// What DESCRIBE said is true as long as it is the same before and after.
func (e *Engine) SchemaVersion() uint64 { return e.schema.Load() }

// opened is true while the process has an Engine: the library holds one data directory per process.
var opened atomic.Bool

// Open loads the library, takes the data directory and starts the engine, after [Config.Prepare].
// It fails when another process has the directory, when the library is not the one needed, or when this process
// already has an Engine open.
func Open(cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open engine: %w", err)
	}
	if !opened.CompareAndSwap(false, true) {
		return nil, errors.New("open engine: this process has one open already; ClickHouse's library serves one data directory per process")
	}
	e, err := open(cfg)
	if err != nil {
		opened.Store(false)
		return nil, fmt.Errorf("open engine: %w", err)
	}
	return e, nil
}

func open(cfg Config) (*Engine, error) {
	restore, err := preserveSignals()
	if err != nil {
		return nil, err
	}
	defer restore()
	e := &Engine{users: cfg.Users, dir: cfg.Dir, log: cfg.Logger, readers: newGate()}
	if e.lib, err = loadLibrary(cfg.Library); err != nil {
		return nil, err
	}
	e.lib.SetSignalHandlers(0)
	e.args = []string{"clickhouse", "--path=" + filepath.Clean(cfg.Dir), "--config-file=" + cfg.serverFile()}
	if e.killConnection, err = e.connect(); err != nil {
		return nil, fmt.Errorf("take data directory %s: %w; "+
			"the likely reason is another process using it (stop that one, or choose another directory), "+
			"otherwise its permissions or a full disk: the engine has printed its reason on standard error", cfg.Dir, err)
	}
	if err := e.prepare(context.Background()); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.log.Info().Str("version", e.version).Str("dir", cfg.Dir).Msg("clickhouse engine open")
	return e, nil
}

// prepare makes the engine ready for its first client.
func (e *Engine) prepare(ctx context.Context) error {
	s, err := e.Session(ctx, User{}, "")
	if err != nil {
		return fmt.Errorf("open first session: %w", err)
	}
	if err := e.readVersion(ctx, s); err != nil {
		return errors.Join(err, s.Close())
	}
	if err := errors.Join(removeSystemTables(ctx, s), secureViews(ctx, s)); err != nil {
		return errors.Join(err, s.Close())
	}
	if err := lowerMergePriority(ctx, s); err != nil {
		e.log.Warn().Err(err).Msg("merges will slow down what else the engine does")
	}
	return s.Close()
}

// readVersion asks the engine for its version and time zone, which clients are told when they connect.
func (e *Engine) readVersion(ctx context.Context, s *Session) error {
	result, err := s.Query(ctx, "SELECT version(), timezone()", "TSVRaw")
	if err != nil {
		return fmt.Errorf("ask engine for its version: %w", err)
	}
	e.version, e.timezone, _ = strings.Cut(strings.TrimSpace(string(result.Data)), "\t")
	return nil
}

// connect opens one connection of the library; each is a session of its own.
func (e *Engine) connect() (uintptr, error) {
	connection := e.lib.connect(e.args...)
	if connection == 0 {
		return 0, errors.New("the engine refused to open a connection")
	}
	return connection, nil
}

// connectionPointer is a connection as the library's other functions take it: the value that the handle of chdb_connect
// points to.
func connectionPointer(connection uintptr) uintptr {
	return *(*uintptr)(*(*unsafe.Pointer)(unsafe.Pointer(&connection)))
}

// Close waits until every session is closed, then stops the engine and releases the data directory.
func (e *Engine) Close() error {
	if !e.sessions.close() {
		return nil
	}
	e.killMu.Lock()
	defer e.killMu.Unlock()
	e.lib.CloseConn(e.killConnection)
	e.killConnection = 0
	opened.Store(false)
	e.log.Info().Msg("clickhouse engine closed")
	return nil
}

// Version is ClickHouse's version, such as "26.7.2.1".
func (e *Engine) Version() string { return e.version }

// Dir is the data directory, where this process may make files.
func (e *Engine) Dir() string { return e.dir }

// Timezone is the time zone the engine reads and prints DateTime in, such as "Asia/Shanghai".
func (e *Engine) Timezone() string { return e.timezone }

// Authenticate returns the user of that name if the password is right. An empty name means "default".
// Otherwise it returns AUTHENTICATION_FAILED (516). Neither the message nor the time it takes tells a wrong password from
// an unknown user.
func (e *Engine) Authenticate(name, password string) (User, error) {
	if name == "" {
		name = "default"
	}
	given := sha256.Sum256([]byte(password))
	var found User
	ok := 0
	for _, user := range e.users {
		want := sha256.Sum256([]byte(user.Password))
		match := subtle.ConstantTimeCompare([]byte(user.Name), []byte(name)) & subtle.ConstantTimeCompare(want[:], given[:])
		if match == 1 {
			found, ok = user, 1
		}
	}
	if ok != 1 {
		return User{}, exception.Newf(proto.ErrAuthenticationFailed, "%s: Authentication failed: password is incorrect, or there is no user with such name.", name)
	}
	return found, nil
}
