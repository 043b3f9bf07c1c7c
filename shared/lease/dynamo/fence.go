package dynamo

import "github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

// Fence guards a row of any table by fencing tokens: the row remembers in the
// attribute the highest token that has been there. Every read and write under a
// lease, of the rows that the lease is about, should be an update with both: the
// condition keeps out whoever has an older lease, and the update keeps them out from
// then on, also where it reads only (with ReturnValues ALL_NEW). Then a holder that
// was paused for so long that it lost its lease can do no harm when it wakes,
// whatever the clocks say.
//
// The method is Kleppmann's, "How to do distributed locking" (2016), with the reads
// registering too: else a row that the new holder has read could still be changed by
// the old one.
func Fence(attribute string, token int64) (expression.UpdateBuilder, expression.ConditionBuilder) {
	seen := expression.Name(attribute)
	return expression.Set(seen, expression.Value(token)), expression.Or(
		expression.AttributeNotExists(seen), expression.LessThanEqual(seen, expression.Value(token)))
}
