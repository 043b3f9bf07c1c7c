package tables_test

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep"
	"lockstep/shared/need"
	"lockstep/shared/tables"
)

// keys returns a table's keys with their types, as in "namespace HASH S".
func keys(t *testing.T, d tables.Definition) []string {
	t.Helper()
	kinds := map[string]types.ScalarAttributeType{}
	for _, a := range d.Attributes {
		kinds[a.Name] = a.Type
	}
	var all []string
	for _, k := range d.Keys {
		require.Contains(t, kinds, k.Name, "a key without its type")
		all = append(all, k.Name+" "+string(k.Type)+" "+string(kinds[k.Name]))
	}
	return all
}

func TestParseFindsTheBundlesTables(t *testing.T) {
	t.Parallel()
	all, err := tables.Parse(lockstep.Template)
	require.NoError(t, err)
	for name, want := range map[string][]string{
		"Namespaces": {"namespace HASH S"},
		"Endpoints":  {"namespace HASH S", "endpoint RANGE S"},
	} {
		require.Contains(t, all, name)
		require.Equal(t, want, keys(t, all[name]), name)
	}
	for name, d := range all {
		require.NotEmpty(t, keys(t, d), "%s has no key", name)
	}
}

func TestParseTakesTablesAndNothingElse(t *testing.T) {
	t.Parallel()
	all, err := tables.Parse([]byte(`
Resources:
  Toys:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-toys"
      AttributeDefinitions:
        - { AttributeName: id, AttributeType: N }
      KeySchema:
        - { AttributeName: id, KeyType: HASH }
  Queue:
    Type: AWS::SQS::Queue
    Properties: { KeySchema: [] }
`))
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, []string{"id HASH N"}, keys(t, all["Toys"]))
}

func TestParseRefusesWhatIsNoTemplate(t *testing.T) {
	t.Parallel()
	for name, template := range map[string]string{
		"no YAML":              "Resources: [",
		"resources as a list":  "Resources: [1, 2]",
		"a name twice":         "Resources: {}\nResources: {}",
		"a tab for an indent":  "Resources:\n\tToys: {}",
		"keys that are a text": "Resources: { Toys: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: id } } }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tables.Parse([]byte(template))
			require.ErrorContains(t, err, "template: ")
			require.Equal(t, err, tables.Create(t.Context(), nil, []byte(template)), "nothing is created of it")
		})
	}
}

func TestCreateTwiceIsHarmless(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t) // which created them once
	item := map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: rand.Text()}}
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("Namespaces"), Item: item})
	require.NoError(t, err)

	require.NoError(t, tables.Create(t.Context(), client, lockstep.Template))

	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("Namespaces"), Key: item, ConsistentRead: aws.Bool(true)})
	require.NoError(t, err)
	require.Equal(t, item, got.Item, "what was in the table stays")
}

func TestCreateReportsATableThatDynamoDBRefuses(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	err := tables.Create(t.Context(), client, []byte("Resources: { Keyless: { Type: 'AWS::DynamoDB::Table' } }"))
	require.ErrorContains(t, err, "create table Keyless: ")
}
