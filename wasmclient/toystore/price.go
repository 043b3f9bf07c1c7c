package toystore

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// MaxPrice is the highest price, in cents.
const MaxPrice = 1_000_000_000_000

// FormatPrice writes cents as prices are read, as in "25.99".
func FormatPrice(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

var priceForm = regexp.MustCompile(`^[0-9]{1,13}(\.[0-9]{2})?$`)

// ParsePrice reads a price such as "25.99" or "25" as cents.
func ParsePrice(text string) (cents int64, err error) {
	if !priceForm.MatchString(text) {
		return 0, fmt.Errorf("%q is no price such as 25.99", text[:min(len(text), 40)])
	}
	whole, rest, _ := strings.Cut(text, ".")
	if rest == "" {
		rest = "00"
	}
	cents, err = strconv.ParseInt(whole+rest, 10, 64)
	if err != nil || cents < 1 || cents > MaxPrice {
		return 0, fmt.Errorf("a price is 0.01 to %s, not %s", FormatPrice(MaxPrice), text)
	}
	return cents, nil
}
