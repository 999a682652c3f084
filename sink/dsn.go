package sink

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ParseDSN reads the address of a ClickHouse server, such as
// clickhouse://user:password@host:9000/citytally or https://…, with the options of
// clickhouse-go. Its errors show no password.
func ParseDSN(dsn string) (*clickhouse.Options, error) {
	const want = "want an address such as clickhouse://user:password@host:9000/citytally"
	scheme, _, _ := strings.Cut(dsn, "://")
	if !slices.Contains([]string{"clickhouse", "tcp", "http", "https"}, scheme) {
		return nil, errors.New(want + ", or http:// or https://; got another, which is not shown because it may hold a password")
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		// The driver masks credentials in its errors.
		return nil, fmt.Errorf("%s, got: %w", want, err)
	}
	return options, nil
}
