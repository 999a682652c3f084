package decode_test

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/ingest/decode"
)

// A row that cannot be read is reported with its place in the file, and the other rows are
// kept.
func ExampleCSV() {
	const file = `indicator,period,value,unit
rd_spending,2021,"1,234.5",亿元

patents,2021
patents,2021,35
contracts,2021,60,亿元
`
	submissions, err := decode.CSV(strings.NewReader(file), decode.Defaults{Area: "320812", Dataset: "sti-annual", File: "2021.csv"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range submissions {
		fmt.Println(s.Area, s.Dataset)
		for _, o := range s.Observations {
			if o.Malformed != "" {
				fmt.Printf("row %d: %s: %s\n", o.Row, o.Malformed, o.Problem)
				continue
			}
			fmt.Printf("row %d: %s %s %s %s\n", o.Row, o.Indicator, o.Period, o.Value, o.Unit)
		}
	}
	// Output:
	// 320812 sti-annual
	// row 2: rd_spending 2021 1,234.5 亿元
	// row 4: patents,2021: 2 fields where the header has 4
	// row 5: patents,2021,35: 3 fields where the header has 4
	// row 6: contracts 2021 60 亿元
}
