package engine

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"
)

// Config names the library, the directories and the users of an engine.
type Config struct {
	Library   string // path of libchdb.so (libchdb.dylib on macOS), 26.7.3 or later
	Dir       string // data directory, absolute; one process at a time
	ConfigDir string // directory of the engine's own configuration and grants, absolute, outside of Dir
	Users     []User // at least one
	Logger    zerolog.Logger
	MaxMemory int64 // bytes the engine may use in all; 0 leaves the engine its own choice (90 % of the machine's)
}

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

// usersConfig is the engine's users.xml. libchdb runs every statement as its user "default", so that user's grants bound
// what any client can do. Not granted are SOURCES (file, url, s3, remote, mysql …), BACKUP, SYSTEM SHUTDOWN and access
// management. Clients cannot change the constant settings: these name files to read or write, or switch the engine to a
// dialect that package statement does not parse.
const usersConfig = `<clickhouse>
    <profiles>
        <default>
            <implicit_select>0</implicit_select>
            <allow_introspection_functions>0</allow_introspection_functions>
            <constraints>
                <dialect><const/></dialect>
                <polyglot_dialect><const/></polyglot_dialect>
                <format_schema><const/></format_schema>
                <format_schema_source><const/></format_schema_source>
                <format_template_row><const/></format_template_row>
                <format_template_resultset><const/></format_template_resultset>
                <output_format_schema><const/></output_format_schema>
                <input_format_record_errors_file_path><const/></input_format_record_errors_file_path>
                <rename_files_after_processing><const/></rename_files_after_processing>
            </constraints>
        </default>
    </profiles>
    <users>
        <default>
            <password/>
            <networks><ip>::/0</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, CHECK, KILL QUERY,
                    dictGet, SYSTEM DROP CACHE, SYSTEM RELOAD DICTIONARY, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM VIEWS,
                    SYSTEM FLUSH LOGS, SYSTEM FLUSH ASYNC INSERT QUEUE, SYSTEM WAIT LOADING PARTS,
                    SYSTEM LOAD PRIMARY KEY ON *.*</query>
            </grants>
        </default>
    </users>
    <quotas>
        <default/>
    </quotas>
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
	if err := os.WriteFile(c.usersFile(), []byte(usersConfig), 0o600); err != nil {
		return fmt.Errorf("write engine users: %w", err)
	}
	text := fmt.Sprintf(serverConfig, escapeXML(c.Dir), escapeXML(c.usersFile()), c.MaxMemory)
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
