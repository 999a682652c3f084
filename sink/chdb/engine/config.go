package engine

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/rs/zerolog"
)

// Config names the library, the directories and the users of an engine.
type Config struct {
	Library   string // path of libchdb.so (libchdb.dylib on macOS), 26.7.3 or later
	Dir       string // data directory, absolute; one process at a time
	ConfigDir string // directory of the engine's own configuration and grants, absolute, outside of Dir
	Users     []User // at least one
	// Databases are those in which users who write may do everything but reach outside: names, or beginnings of names with
	// a * behind. At least one.
	Databases []string
	// Readable are the views and tables that users who only read may read: database.name, either with a * behind.
	Readable  []string
	Logger    zerolog.Logger
	MaxMemory int64 // bytes the engine may use in all; 0 leaves the engine its own choice (90 % of the machine's)
}

var grantPattern = regexp.MustCompile(`^[A-Za-z0-9_]+\*?(\.[A-Za-z0-9_]*\*?)?$`)

// Validate reports everything that is wrong with the configuration at once.
func (c Config) Validate() error {
	var errs []error
	if c.Library == "" {
		errs = append(errs, errors.New("library: want the path of libchdb, got nothing"))
	}
	if !filepath.IsAbs(c.Dir) {
		errs = append(errs, fmt.Errorf("dir: want an absolute path (the engine cannot fsync below a relative one), got %q", c.Dir))
	}
	if !filepath.IsAbs(c.ConfigDir) {
		errs = append(errs, fmt.Errorf("config dir: want an absolute path, got %q", c.ConfigDir))
	}
	if inside, err := filepath.Rel(c.Dir, c.ConfigDir); err == nil && filepath.IsLocal(inside) {
		errs = append(errs, fmt.Errorf("config dir: want a directory outside of %q, which the engine writes to, got %q", c.Dir, c.ConfigDir))
	}
	if c.MaxMemory < 0 {
		errs = append(errs, fmt.Errorf("max memory: want 0 or more bytes, got %d", c.MaxMemory))
	}
	if len(c.Users) == 0 {
		errs = append(errs, errors.New("users: want at least one"))
	}
	if len(c.Databases) == 0 {
		errs = append(errs, errors.New("databases: want at least one"))
	}
	for _, pattern := range append(slices.Clone(c.Databases), c.Readable...) {
		if !grantPattern.MatchString(pattern) {
			errs = append(errs, fmt.Errorf("databases, readable: want letters, digits, _ and dots, perhaps with a * behind, got %q", pattern))
		}
	}
	seen := make(map[string]bool, len(c.Users))
	for i, user := range c.Users {
		if user.Name == "" {
			errs = append(errs, fmt.Errorf("users[%d]: want a name", i))
		}
		if seen[user.Name] {
			errs = append(errs, fmt.Errorf("users[%d]: %q is there twice", i, user.Name))
		}
		seen[user.Name] = true
	}
	return errors.Join(errs...)
}

// serverConfig is the engine's config.xml. It is always passed explicitly, otherwise libchdb would take a config.xml of
// the working directory or the home directory.
//
// The merge_tree section holds for tables that set nothing else. A part up to 128 MiB keeps all columns in one file
// (min_bytes_for_wide_part): creating one or two files a column took a third of the time of an insert of 100,000 rows,
// and reading one file is as fast. Parts are merged ten at a time instead of five (merge_selector_base), so that a row is
// rewritten less often. Column statistics are off (auto_statistics_types): no query plan here uses them, and they took up
// to two fifths of the time of a merge.
//
// The other numbers make an idle engine look for work less often: it measures its memory once a second instead of ten
// times, and visits each table after 1 s without work, then after twice as long each time. An insert wakes the merges of
// its table at once.
const serverConfig = `<clickhouse>
    <path>%s</path>
    <users_config>%s</users_config>
    <progress>off</progress>
    <progress-table>off</progress-table>
    <ignore_empty_sql_security_in_create_view_query>0</ignore_empty_sql_security_in_create_view_query>
    <max_server_memory_usage>%d</max_server_memory_usage>
    <memory_worker_period_ms>1000</memory_worker_period_ms>
    <background_processing_pool_thread_sleep_seconds_if_nothing_to_do>1</background_processing_pool_thread_sleep_seconds_if_nothing_to_do>
    <background_processing_pool_task_sleep_seconds_when_no_work_multiplier>2</background_processing_pool_task_sleep_seconds_when_no_work_multiplier>
    <background_streaming_processing_pool_thread_sleep_seconds_if_nothing_to_do>1</background_streaming_processing_pool_thread_sleep_seconds_if_nothing_to_do>
    <background_streaming_processing_pool_task_sleep_seconds_when_no_work_multiplier>2</background_streaming_processing_pool_task_sleep_seconds_when_no_work_multiplier>
    <merge_tree>
        <min_bytes_for_wide_part>134217728</min_bytes_for_wide_part>
        <merge_selector_base>10</merge_selector_base>
        <auto_statistics_types></auto_statistics_types>
    </merge_tree>
</clickhouse>
`

// Prepare makes both directories and writes config.xml and users.xml into ConfigDir. It comes before [Open], at each start,
// and before the process is confined: an engine that could write its own grants would have none.
func (c Config) Prepare() error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("prepare engine: %w", err)
	}
	for _, dir := range []string{c.Dir, c.ConfigDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
	}
	text, err := c.users()
	if err != nil {
		return fmt.Errorf("write engine users: %w", err)
	}
	if err := os.WriteFile(c.usersFile(), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write engine users: %w", err)
	}
	text = fmt.Sprintf(serverConfig, escapeXML(c.Dir), escapeXML(c.usersFile()), c.MaxMemory)
	if err := os.WriteFile(c.serverFile(), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write engine config: %w", err)
	}
	return nil
}

func (c Config) serverFile() string { return filepath.Join(c.ConfigDir, "config.xml") }

func (c Config) usersFile() string { return filepath.Join(c.ConfigDir, "users.xml") }

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes every write
	return b.String()
}
