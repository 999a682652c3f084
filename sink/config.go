package sink

import (
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Config is how the sink writes.
type Config struct {
	// BatchRows is how many rows make an insert. An insert may have more, because a message
	// is never split.
	BatchRows int `yaml:"batch_rows"`
	// BatchMessages is how many messages of each stream are received and not acknowledged,
	// at most.
	BatchMessages int `yaml:"batch_messages"`
	// InsertTimeout bounds one attempt at an insert.
	InsertTimeout time.Duration `yaml:"insert_timeout"`
	// AckWait is how long the broker waits for a sign of life before it delivers a message
	// again. The workers send signs of life for messages that wait for an insert.
	AckWait time.Duration `yaml:"ack_wait"`
	// RetryFrom and RetryTo are about the first and the longest pause between attempts while
	// ClickHouse is away. Pauses grow from one to the other; a random part makes each up to
	// half shorter or longer.
	RetryFrom time.Duration `yaml:"retry_from"`
	RetryTo   time.Duration `yaml:"retry_to"`
	// Database holds the tables. Empty is the database in the DSN, or citytally where the
	// DSN names none.
	Database string `yaml:"database"`
	// Cluster is that of the server's remote_servers whose servers keep copies of the tables;
	// empty is one server by itself.
	Cluster string `yaml:"-"`
	// TLS is how a DSN with secure=true, or of https://, is connected to; nil is as the driver does.
	TLS *tls.Config `yaml:"-"`
}

// defaultDatabase holds the tables where neither the settings nor the DSN name a database.
const defaultDatabase = "citytally"

// DefaultConfig returns inserts of 100,000 rows or 2,000 messages, a minute for
// each, and retries after about 100 ms to 10 s.
func DefaultConfig() Config {
	return Config{
		BatchRows: 100_000, BatchMessages: 2_000,
		InsertTimeout: time.Minute, AckWait: 5 * time.Second,
		RetryFrom: 100 * time.Millisecond, RetryTo: 10 * time.Second,
	}
}

// The bounds of BatchRows and BatchMessages, which bound the memory that an insert takes
// here and in ClickHouse.
const (
	maxBatchRows     = 10_000_000
	maxBatchMessages = 100_000
)

var (
	databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	clusterName  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.BatchRows < 1 || c.BatchRows > maxBatchRows {
		report("sink.batch_rows: want 1 to %d, got %d", maxBatchRows, c.BatchRows)
	}
	if c.BatchMessages < 1 || c.BatchMessages > maxBatchMessages {
		report("sink.batch_messages: want 1 to %d, got %d", maxBatchMessages, c.BatchMessages)
	}
	if c.InsertTimeout < time.Second {
		report("sink.insert_timeout: want at least 1s, got %s", c.InsertTimeout)
	}
	// Signs of life are sent three times in each AckWait. Below a second, ordinary delays of
	// the network would make the broker deliver messages twice.
	if c.AckWait < time.Second {
		report("sink.ack_wait: want at least 1s, so that a sign of life arrives in time, got %s", c.AckWait)
	}
	if c.RetryFrom < time.Millisecond {
		report("sink.retry_from: want at least 1ms, got %s", c.RetryFrom)
	}
	if c.RetryTo < c.RetryFrom {
		report("sink.retry_to: want at least sink.retry_from (%s), got %s", c.RetryFrom, c.RetryTo)
	}
	if c.Cluster != "" && !clusterName.MatchString(c.Cluster) {
		report("clickhouse.cluster: want letters, digits, _, - and ., got %q", c.Cluster)
	}
	if c.Database != "" && !databaseName.MatchString(c.Database) {
		report("sink.database: want letters, digits and _, got %q", c.Database)
	}
	return errors.Join(errs...)
}
