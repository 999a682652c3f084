package engine

import (
	"context"
	"os"
	"strings"
)

// RunUnchecked runs a query without the refusals of package statement and without
// asking the engine's parser.
func (s *Session) RunUnchecked(ctx context.Context, query, format string) (*Result, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.release()
	return s.run(ctx, query, format)
}

// GrantEverything gives the engine of this configuration every grant there is and
// takes its constraints away, between Prepare and Open.
func (c Config) GrantEverything() error {
	text, err := c.users()
	if err != nil {
		return err
	}
	head, _, _ := strings.Cut(text, "<profiles>")
	return os.WriteFile(c.usersFile(), []byte(head+`<profiles><default><implicit_select>0</implicit_select></default></profiles>
    <users><default><password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
        <access_management>1</access_management><named_collection_control>1</named_collection_control></default></users>
    <quotas><default/></quotas>
</clickhouse>`), 0o600)
}
