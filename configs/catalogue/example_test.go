package catalogue_test

import (
	"fmt"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// A value is read exactly as a reporter wrote it, and converted exactly into the unit of
// its indicator.
func ExampleValue() {
	reading, err := catalogue.ParseValue("近1,200.50万元")
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := catalogue.ParseUnit("亿元").Convert(reading.Value, catalogue.ParseUnit(reading.Unit))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reading.Value, reading.Unit, "is", reading.Qualifier, value, "亿元")

	_, err = catalogue.ParseValue("1.2e3")
	fmt.Println(err)
	// Output:
	// 1200.5 万元 is below 0.12005 亿元
	// VALUE_SCIENTIFIC: "1.2e3" is in scientific notation, in which Excel drops digits of long numbers; format the cell as Number or Text and write all digits
}

// A period is written as an SDMX code. It knows its days, and the period that its changes
// refer to. It is also read as people write it.
func ExamplePeriod() {
	period, err := catalogue.ParsePeriod("2021-Q2")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(period, "is", period.Start().Format(time.DateOnly), "to", period.LastDay().Format(time.DateOnly))
	fmt.Println("changes refer to", period.YearBefore())

	half, err := catalogue.ReadPeriod("2021年上半年", 0)
	fmt.Println(half, err)
	// Output:
	// 2021-Q2 is 2021-04-01 to 2021-06-30
	// changes refer to 2020-Q2
	// 2021-S1 <nil>
}
