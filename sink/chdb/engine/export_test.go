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
	text, end, _ := strings.Cut(usersConfig, "<grants>")
	_, end, _ = strings.Cut(end, "</grants>")
	text = text + "<access_management>1</access_management><named_collection_control>1</named_collection_control>" + end
	before, after, _ := strings.Cut(text, "<constraints>")
	_, after, _ = strings.Cut(after, "</constraints>")
	return os.WriteFile(c.usersFile(), []byte(before+after), 0o600)
}
