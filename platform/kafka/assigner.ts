import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

/**
 * Gives the same member the same partition numbers of every subscribed topic, in contiguous shares.
 * `only` restricts it to some partition numbers (kafkajs has no `assign`).
 */
export function samePartitionNumbers(only?: readonly number[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'same-partition-numbers',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'same-partition-numbers',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
    async assign({ members, topics }) {
      const numbers = new Set(
        topics.flatMap((topic) => cluster.findTopicPartitionMetadata(topic).map((found) => found.partitionId)),
      );
      const wanted = [...numbers].filter((number) => !only || only.includes(number)).sort((a, b) => a - b);
      const owners = members.map(({ memberId }) => memberId).sort();
      return owners.map((memberId, index) => {
        const share = wanted.filter((_, at) => Math.floor((at * owners.length) / wanted.length) === index);
        const assignment = Object.fromEntries(topics.map((topic) => [topic, share]));
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment,
            userData: Buffer.alloc(0),
          }),
        };
      });
    },
  });
}
