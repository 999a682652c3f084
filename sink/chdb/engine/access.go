package engine

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/citytally/citytally/sink/chdb/judged"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// Roles and profile of a session. libchdb runs every statement as its user "default", who has all roles; a session for a
// client keeps one of them, and Parse refuses SET ROLE.
const (
	writerRole    = "writer"
	readerRole    = "reader"
	readerProfile = "reader"
)

// usersTemplate is the engine's users.xml. No role has SOURCES (file, url, s3, remote, mysql …), BACKUP, SYSTEM SHUTDOWN or
// access management.
//
// Constraints hold for everybody, this program included, except that a session for a reader has those of the profile reader
// in addition. The row filter shows a user who only reads the own statements in system.processes alone; readers are told
// apart by what follows the dot in SessionSetting.
var usersTemplate = template.Must(template.New("users.xml").Parse(`<clickhouse>
    <profiles>
        <default>
            <readonly>0</readonly>
            <implicit_select>0</implicit_select>
            <allow_introspection_functions>0</allow_introspection_functions>
            <default_normal_view_sql_security>DEFINER</default_normal_view_sql_security>
            <default_view_definer>{{.Definer}}</default_view_definer>
            <constraints>
{{- range .Fixed}}
                <{{.}}><const/></{{.}}>
{{- end}}
            </constraints>
        </default>
        <{{.ReaderProfile}}>
            <profile>default</profile>
            <constraints>
{{- range .Writer}}
                <{{.}}><const/></{{.}}>
{{- end}}
{{- range .Bounded}}
                <{{.Setting}}><min>{{.Least}}</min><max>{{.Most}}</max></{{.Setting}}>
{{- end}}
            </constraints>
        </{{.ReaderProfile}}>
    </profiles>
    <roles>
        <engine>
            <grants>
                <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, KILL QUERY, SYSTEM MERGES, SYSTEM TTL MERGES ON *.*</query>
                <query>GRANT SET DEFINER ON {{.Definer}}</query>
            </grants>
        </engine>
        <{{.WriterRole}}>
            <grants>
{{- range .Databases}}
                <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, DROP, UNDROP TABLE, TRUNCATE,
                    OPTIMIZE, CHECK, dictGet, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM VIEWS ON {{.}}.*</query>
{{- end}}
                <query>GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, SHOW DICTIONARIES, CREATE TEMPORARY TABLE, KILL QUERY, SYSTEM DROP CACHE, SYSTEM RELOAD DICTIONARY, SYSTEM FLUSH LOGS, SYSTEM FLUSH ASYNC INSERT QUEUE ON *.*</query>
                <query>GRANT SET DEFINER ON {{.Definer}}</query>
            </grants>
        </{{.WriterRole}}>
        <{{.ReaderRole}}>
            <grants>
{{- range .Readable}}
                <query>GRANT SELECT ON {{.}}</query>
{{- end}}
                <query>GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON system.*</query>
                <query>GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON information_schema.*</query>
            </grants>
        </{{.ReaderRole}}>
    </roles>
    <users>
        <default>
            <password/>
            <networks><ip>::/0</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT engine</query>
                <query>GRANT {{.WriterRole}}</query>
                <query>GRANT {{.ReaderRole}}</query>
            </grants>
            <databases><system><processes><filter>getSetting('readonly') = 0
                OR splitByChar('.', Settings['{{.SessionSetting}}'])[2] = splitByChar('.', getSetting('{{.SessionSetting}}'))[2]</filter></processes></system></databases>
        </default>
        <{{.Definer}}>
            <password/>
            <networks><ip>::1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
{{- range .Databases}}
                <query>GRANT SELECT, INSERT, dictGet ON {{.}}.*</query>
{{- end}}
            </grants>
        </{{.Definer}}>
    </users>
    <quotas>
        <default/>
    </quotas>
</clickhouse>
`))

// users returns the text of users.xml.
func (c Config) users() (string, error) {
	var text bytes.Buffer
	err := usersTemplate.Execute(&text, map[string]any{
		"Fixed": judged.Settings.With(judged.Fixed), "Writer": judged.Settings.With(judged.Writer), "Bounded": limits.Reader(),
		"Databases": c.Databases, "Readable": c.Readable, "SessionSetting": statement.SessionSetting,
		"WriterRole": writerRole, "ReaderRole": readerRole, "ReaderProfile": readerProfile, "Definer": statement.ViewsDefiner,
	})
	return text.String(), err
}

// become gives the session the rights and limits of its user, for good.
func (s *Session) become(ctx context.Context, user User) error {
	var statements []string
	switch {
	case user == User{}:
		return nil
	case user.ReadOnly:
		values := make([]string, 0, len(limits.Reader()))
		for _, bound := range limits.Reader() {
			values = append(values, fmt.Sprintf("%s = %d", bound.Setting, bound.Value))
		}
		// The profile brings the constraints alone: the library sends the values a session began with along with every
		// statement.
		statements = []string{"SET profile = '" + readerProfile + "'", "SET " + strings.Join(values, ", "), "SET ROLE " + readerRole, "SET readonly = 2"}
	default:
		statements = []string{"SET ROLE " + writerRole}
		if user.Reading {
			statements = append(statements, "SET readonly = 2")
		}
	}
	for _, query := range statements {
		if _, err := s.run(ctx, query, "Null"); err != nil {
			return fmt.Errorf("give session the rights of %s: %w", user.Name, err)
		}
	}
	s.user = user
	return nil
}

// Bound returns a setting's value, or the most that the session's user can have. It is for settings that clients send beside
// a statement, often without being asked to: clickhouse-go derives max_execution_time from a deadline.
func (s *Session) Bound(setting, value string) string {
	if !s.user.ReadOnly {
		return value
	}
	for _, bound := range limits.Reader() {
		if n, err := strconv.ParseUint(value, 10, 64); bound.Setting == setting && err == nil && (n > bound.Most || n < bound.Least) {
			return strconv.FormatUint(bound.Most, 10)
		}
	}
	return value
}

// removeSystemTables drops the tables of the database system that package judged refuses, until the engine is opened again:
// grants do not keep anybody from that database.
func removeSystemTables(ctx context.Context, s *Session) error {
	result, err := s.Query(ctx, "SELECT name FROM system.tables WHERE database = 'system'", "TSVRaw")
	if err != nil {
		return fmt.Errorf("list system tables: %w", err)
	}
	var refused []string
	for name := range strings.FieldsSeq(string(result.Data)) {
		if verdict, _ := judged.SystemTables.Of(name); verdict != judged.Allowed {
			refused = append(refused, "system."+statement.QuoteName(name))
		}
	}
	if len(refused) == 0 {
		return nil
	}
	if err := s.Exec(ctx, "DROP TABLE "+strings.Join(refused, ", ")+" SYNC"); err != nil {
		return fmt.Errorf("remove system tables: %w", err)
	}
	return nil
}

// secureViews makes views that were defined before there was a definer readable to whoever may read them.
func secureViews(ctx context.Context, s *Session) error {
	result, err := s.Query(ctx, "SELECT concat('`', database, '`.`', name, '`') FROM system.tables "+
		"WHERE engine = 'View' AND database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND create_table_query NOT LIKE '%SQL SECURITY DEFINER%'", "TSVRaw")
	if err != nil {
		return fmt.Errorf("list views: %w", err)
	}
	for view := range strings.Lines(string(result.Data)) {
		if err := s.Exec(ctx, "ALTER TABLE "+strings.TrimSpace(view)+" MODIFY DEFINER = "+statement.ViewsDefiner+" SQL SECURITY DEFINER"); err != nil {
			return fmt.Errorf("give view its definer: %w", err)
		}
	}
	return nil
}
