package decode_test

import (
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
)

// A row that cannot be read is reported with its place in the file, and the other rows are
// kept.
func ExampleRead() {
	city, err := catalogue.Load("../../configs/catalogue.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	const file = `indicator,period,value,unit
rd_spending,2021,"1,234.5",亿元

patents,2021
patents,2021,35
contracts,2021,60,亿元
`
	read, err := decode.Read([]byte(file), decode.Options{Catalogue: city, Area: "320812", Dataset: "sti-annual", File: "2021.csv"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Understanding.EN)
	for _, s := range read.Submissions {
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
	// UTF-8; CSV (comma); header in row 1; one figure in each row; figures in rows 2 to 6; 2 figures; 2 places that cannot be read.
	// 320812 sti-annual
	// row 2: rd_spending 2021 1,234.5 亿元
	// row 4: patents,2021: 2 fields where the header has 4
	// row 5: patents,2021,35: 3 fields where the header has 4
	// row 6: contracts 2021 60 亿元
}
